internal import PythonData

/// A piece of a template.
struct JinjaToken: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case text(String)
        case beginOutput
        case endOutput
        case beginBlock
        case endBlock
        case name(String)
        case string(String)
        case integer(Int)
        case float(Double)
        case symbol(String)
        case end
    }

    var kind: Kind
    var line: Int
}

/// Cuts a template into tokens, with the rules for blanks that chat templates are written for: the newline behind a
/// block and the blanks before it on its line are dropped (`trim_blocks`, `lstrip_blocks`).
struct JinjaLexer {
    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var isAtLineStart = true
    private var tokens: [JinjaToken] = []

    init(_ text: String) {
        var source: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if scalar == "\n", source.last == "\r" { source.removeLast() }
            source.append(scalar)
        }
        source = source.map { $0 == "\r" ? "\n" : $0 }
        if source.last == "\n" { source.removeLast() }
        self.source = source
    }

    static func tokens(of text: String) throws -> [JinjaToken] {
        var lexer = JinjaLexer(text)
        return try lexer.run()
    }

    private mutating func run() throws -> [JinjaToken] {
        while position < source.count { try readTextAndTag() }
        add(.end)
        return tokens
    }

    private mutating func add(_ kind: JinjaToken.Kind) { tokens.append(JinjaToken(kind: kind, line: line)) }

    private func failure(_ reason: String) -> JinjaError { .syntax(line: line, reason: reason) }

    private func stands(_ word: StaticString, at place: Int) -> Bool {
        word.withUTF8Buffer { units in
            guard source.count - place >= units.count else { return false }
            return units.indices.allSatisfy { source[place + $0].value == UInt32(units[$0]) }
        }
    }

    private mutating func advance(to place: Int) {
        while position < place {
            if source[position] == "\n" { line += 1 }
            position += 1
        }
    }

    private func endOfBlanks(from place: Int) -> Int {
        var place = place
        while place < source.count, source[place].isPythonSpace { place += 1 }
        return place
    }

    private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    // MARK: - Text and the tags in it

    private mutating func readTextAndTag() throws {
        var tag = position
        while tag < source.count, !(stands("{{", at: tag) || stands("{%", at: tag) || stands("{#", at: tag)) {
            tag += 1
        }
        guard tag < source.count else {
            add(.text(string(source[position...])))
            advance(to: source.count)
            return
        }
        let mark = tag + 2 < source.count ? source[tag + 2] : " "
        let isSigned = mark == "-" || mark == "+"
        addText(upTo: tag, sign: isSigned ? mark : nil, isOutput: stands("{{", at: tag))
        let isOutput = stands("{{", at: tag)
        let isComment = stands("{#", at: tag)
        // `{{+` is an output that begins with a sign; `{{-` takes the blanks before it away.
        advance(to: tag + (isSigned && !(isOutput && mark == "+") ? 3 : 2))
        isAtLineStart = false
        if isComment { return try skipComment() }
        if isOutput {
            add(.beginOutput)
            return try readTokens(isOutput: true)
        }
        if let begin = endOfRawTag("raw") { return try readRaw(from: begin) }
        add(.beginBlock)
        try readTokens(isOutput: false)
    }

    private mutating func addText(upTo tag: Int, sign: Unicode.Scalar?, isOutput: Bool) {
        var text = source[position..<tag]
        if sign == "-" {
            while let last = text.last, last.isPythonSpace { text.removeLast() }
        } else if sign != "+", !isOutput {
            let newline = text.lastIndex(of: "\n")
            let begin = newline.map { $0 + 1 } ?? text.startIndex
            if newline != nil || isAtLineStart, text[begin...].allSatisfy(\.isPythonSpace) { text = text[..<begin] }
        }
        if !text.isEmpty { add(.text(string(text))) }
    }

    private mutating func skipComment() throws {
        var end = position
        while end < source.count, !stands("#}", at: end) { end += 1 }
        guard end < source.count else { throw failure("a comment has no end") }
        let sign = end > position ? source[end - 1] : " "
        finishTag(at: end, sign: sign, trimsNewline: true)
    }

    /// Goes past a closing mark and the blanks that go with it.
    private mutating func finishTag(at end: Int, sign: Unicode.Scalar, trimsNewline: Bool) {
        var behind = end + 2
        if sign == "-" {
            behind = endOfBlanks(from: behind)
        } else if trimsNewline, sign != "+", behind < source.count, source[behind] == "\n" {
            behind += 1
        }
        advance(to: behind)
        isAtLineStart = behind > 0 && source[behind - 1] == "\n"
    }

    /// The place behind `raw %}` if that comes next.
    private func endOfRawTag(_ word: StaticString) -> Int? {
        var place = endOfBlanks(from: position)
        guard stands(word, at: place) else { return nil }
        place = endOfBlanks(from: place + word.utf8CodeUnitCount)
        if stands("-%}", at: place) { return endOfBlanks(from: place + 3) }
        return stands("%}", at: place) ? place + 2 : nil
    }

    private mutating func readRaw(from begin: Int) throws {
        advance(to: begin)
        isAtLineStart = begin > 0 && source[begin - 1] == "\n"
        var tag = begin
        while tag < source.count {
            guard stands("{%", at: tag) else {
                tag += 1
                continue
            }
            let mark = tag + 2 < source.count ? source[tag + 2] : " "
            let isSigned = mark == "-" || mark == "+"
            let word = endOfBlanks(from: tag + (isSigned ? 3 : 2))
            let end = endOfBlanks(from: word + 6)
            let sign = end < source.count ? source[end] : " "
            let closing = sign == "-" || sign == "+" ? end + 1 : end
            guard stands("endraw", at: word), stands("%}", at: closing) else {
                tag += 1
                continue
            }
            addText(upTo: tag, sign: isSigned ? mark : nil, isOutput: false)
            advance(to: tag)
            return finishTag(at: closing, sign: sign, trimsNewline: true)
        }
        throw failure("`{% raw %}` has no `{% endraw %}`")
    }

    // MARK: - Inside a tag

    private mutating func readTokens(isOutput: Bool) throws {
        var open: [Unicode.Scalar] = []
        while true {
            advance(to: endOfBlanks(from: position))
            guard position < source.count else { throw failure("a tag has no end") }
            if open.isEmpty, finishTokens(isOutput: isOutput) { return }
            let scalar = source[position]
            switch scalar {
            case "0"..."9": try readNumber()
            case "\"", "'": try readString(scalar)
            case _ where scalar == "_" || scalar.properties.isXIDStart: readName()
            default: try readSymbol(&open)
            }
        }
    }

    private mutating func finishTokens(isOutput: Bool) -> Bool {
        let sign = source[position]
        let isSigned = sign == "-" || (sign == "+" && !isOutput)
        let end = isSigned ? position + 1 : position
        guard isOutput ? stands("}}", at: end) : stands("%}", at: end) else { return false }
        add(isOutput ? .endOutput : .endBlock)
        finishTag(at: end, sign: isSigned ? sign : " ", trimsNewline: !isOutput)
        return true
    }

    private mutating func readName() {
        let start = position
        while position < source.count, source[position] == "_" || source[position].properties.isXIDContinue {
            position += 1
        }
        add(.name(string(source[start..<position])))
    }

    private mutating func readNumber() throws {
        let start = position
        func isDigit(_ place: Int) -> Bool { place < source.count && ("0"..."9").contains(source[place]) }
        func skipDigits() {
            while isDigit(position) || (position < source.count && source[position] == "_") { position += 1 }
        }
        skipDigits()
        // `x.0.1` is two subscripts, not a subscript that is a fraction.
        var isFloat = false
        let followsDot = tokens.last?.kind == .symbol(".")
        if !followsDot, position < source.count, source[position] == ".", isDigit(position + 1) {
            isFloat = true
            position += 1
            skipDigits()
        }
        if !followsDot, position < source.count, source[position] == "e" || source[position] == "E" {
            let signed = position + 1 < source.count && (source[position + 1] == "+" || source[position + 1] == "-")
            if isDigit(position + (signed ? 2 : 1)) {
                isFloat = true
                position += signed ? 2 : 1
                skipDigits()
            }
        }
        let text = string(source[start..<position]).filter { $0 != "_" }
        if isFloat, let value = Double(text) { return add(.float(value)) }
        guard let value = Int(text) else { throw failure("the number \(text.prefix(20))... is too large") }
        add(.integer(value))
    }

    private static let symbols: [StaticString] = [
        "//", "**", "==", "!=", ">=", "<=", "=", "+", "-", "/", "*", "%", "~", "<", ">", "(", ")", "[", "]", "{", "}",
        ".", ":", "|", ",",
    ]

    private mutating func readSymbol(_ open: inout [Unicode.Scalar]) throws {
        let place = position
        guard let symbol = Self.symbols.first(where: { stands($0, at: place) }) else {
            throw failure("`\(source[position])` is not expected here")
        }
        switch source[position] {
        case "(": open.append(")")
        case "[": open.append("]")
        case "{": open.append("}")
        case ")", "]", "}":
            guard open.popLast() == source[position] else {
                throw failure("`\(source[position])` closes nothing")
            }
        default: break
        }
        add(.symbol("\(symbol)"))
        position += symbol.utf8CodeUnitCount
    }

    // MARK: - Quoted texts

    private mutating func readString(_ mark: Unicode.Scalar) throws {
        let begin = line
        var text = String.UnicodeScalarView()
        position += 1
        while position < source.count, source[position] != mark {
            let scalar = source[position]
            advance(to: position + 1)
            if scalar == "\\" { text.append(contentsOf: try readEscape()) } else { text.append(scalar) }
        }
        guard position < source.count else {
            line = begin
            throw failure("a quoted text has no end")
        }
        position += 1
        add(.string(String(text)))
    }

    private mutating func readEscape() throws -> String.UnicodeScalarView {
        guard position < source.count else { throw failure("a quoted text has no end") }
        let scalar = source[position]
        advance(to: position + 1)
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}",
            "f": "\u{C}", "v": "\u{B}",
        ]
        var text = String.UnicodeScalarView()
        if let plain = simple[scalar] {
            text.append(plain)
            return text
        }
        let width = scalar == "x" ? 2 : scalar == "u" ? 4 : scalar == "U" ? 8 : 0
        if width > 0 {
            let end = min(position + width, source.count)
            guard end - position == width, let code = UInt32(string(source[position..<end]), radix: 16),
                let escaped = Unicode.Scalar(code)
            else { throw failure("an escape in a quoted text is not valid") }
            position = end
            text.append(escaped)
            return text
        }
        if ("0"..."7").contains(scalar) {
            var code = scalar.value - 0x30
            var digits = 1
            while digits < 3, position < source.count, ("0"..."7").contains(source[position]) {
                code = code * 8 + source[position].value - 0x30
                position += 1
                digits += 1
            }
            if let escaped = Unicode.Scalar(code) { text.append(escaped) }
            return text
        }
        if scalar == "\n" { return text }
        text.append("\\")
        text.append(scalar)
        return text
    }
}
