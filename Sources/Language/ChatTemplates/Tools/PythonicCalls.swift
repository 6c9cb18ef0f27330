internal import PythonData

extension ToolFormat {
    /// Calls as a Python expression between markers: a call, or a list of calls.
    func pythonicCalls(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        guard let start = scanner.find("<|tool_call_start|>", from: 0) else { return nil }
        scanner.position = start + 19
        guard let expression = scanner.take(until: "<|tool_call_end|>") else { return nil }
        var reader = PythonicReader(expression.strippedLikePython)
        guard let calls = try? reader.readCalls(), !calls.isEmpty else { return nil }
        return calls
    }
}

/// Reads calls with literal keyword arguments, the part of Python's syntax that models write.
private struct PythonicReader {
    struct NotACall: Error {}

    var scanner: TextScanner
    var depth = 0

    init(_ text: String) { scanner = TextScanner(text) }

    mutating func readCalls() throws -> [FunctionCall] {
        var calls: [FunctionCall] = []
        if scanner.skip("[") {
            try readList(until: "]") { calls.append(try $0.readCall()) }
        } else {
            calls.append(try readCall())
        }
        scanner.skipBlanks()
        guard scanner.isAtEnd else { throw NotACall() }
        return calls
    }

    private mutating func readCall() throws -> FunctionCall {
        scanner.skipBlanks()
        let name = try readName()
        scanner.skipBlanks()
        guard scanner.skip("(") else { throw NotACall() }
        var arguments = PythonDictionary()
        try readList(until: ")") { reader in
            let start = reader.scanner.position
            if let key = try? reader.readName() {
                reader.scanner.skipBlanks()
                if !reader.scanner.stands("==", at: reader.scanner.position), reader.scanner.skip("=") {
                    arguments[key] = try reader.readArgument()
                    return
                }
            }
            // An argument without a name is read and not used.
            reader.scanner.position = start
            _ = try reader.readArgument()
        }
        return FunctionCall(name: name, arguments: PythonValue.dictionary(arguments).json())
    }

    /// Elements parted by commas; one comma may stand before the end.
    private mutating func readList(until end: String, _ element: (inout Self) throws -> Void) throws {
        while true {
            scanner.skipBlanks()
            if scanner.skip(end) { return }
            try element(&self)
            scanner.skipBlanks()
            if scanner.skip(",") { continue }
            guard scanner.skip(end) else { throw NotACall() }
            return
        }
    }

    private mutating func readName() throws -> String {
        guard let first = scanner.next, first == "_" || first.properties.isXIDStart else { throw NotACall() }
        return scanner.take { $0.properties.isXIDContinue }
    }

    /// Words of JSON stand for values only as whole arguments.
    private mutating func readArgument() throws -> PythonValue {
        scanner.skipBlanks()
        let start = scanner.position
        if let word = try? readName(), let value = ["true": PythonValue.bool(true), "false": .bool(false)][word] {
            return value
        }
        scanner.position = start
        if let word = try? readName(), word == "null" { return .none }
        scanner.position = start
        return try readLiteral()
    }

    private mutating func readLiteral() throws -> PythonValue {
        guard depth < 100 else { throw NotACall() }
        depth += 1
        defer { depth -= 1 }
        scanner.skipBlanks()
        if scanner.skip("[") { return .list(try readValues(until: "]").values) }
        if scanner.skip("(") {
            let (values, commas) = try readValues(until: ")")
            return values.count == 1 && commas == 0 ? values[0] : .list(values)
        }
        if scanner.skip("{") { return .dictionary(try readDictionary()) }
        switch scanner.next {
        case "\"", "'": return .text(try readStrings())
        case "-", "+", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".": return try readNumber()
        default: break
        }
        return switch try readName() {
        case "True": .bool(true)
        case "False": .bool(false)
        case "None": .none
        default: throw NotACall()
        }
    }

    private mutating func readValues(until end: String) throws -> (values: [PythonValue], commas: Int) {
        var values: [PythonValue] = []
        var lastComma = 0
        try readList(until: end) { reader in
            values.append(try reader.readLiteral())
            reader.scanner.skipBlanks()
            if reader.scanner.next == "," { lastComma += 1 }
        }
        return (values, lastComma)
    }

    private mutating func readDictionary() throws -> PythonDictionary {
        var dictionary = PythonDictionary()
        try readList(until: "}") { reader in
            let key = try reader.readLiteral()
            reader.scanner.skipBlanks()
            guard reader.scanner.skip(":") else { throw NotACall() }
            let name: String =
                switch key {
                case .string(let text): text.value
                case .none, .bool, .integer, .bigInteger, .float: key.json()
                case .list, .dictionary: throw NotACall()
                }
            dictionary[name] = try reader.readLiteral()
        }
        return dictionary
    }

    private mutating func readNumber() throws -> PythonValue {
        var isNegative = false
        while let sign = scanner.next, sign == "-" || sign == "+" {
            if sign == "-" { isNegative.toggle() }
            scanner.position += 1
            scanner.skipBlanks()
        }
        var last: Unicode.Scalar = " "
        let digits = scanner.take { scalar in
            defer { last = scalar }
            if scalar == "+" || scalar == "-" { return last == "e" || last == "E" }
            return scalar == "." || scalar == "_" || (scalar.isASCII && scalar.properties.isXIDContinue)
        }
        let text = (isNegative ? "-" : "") + digits.filter { $0 != "_" }
        if let value = try? PythonValue(json: text) { return value }
        // Python also writes `1.` and `.5`.
        guard digits.first != "0" || digits.hasPrefix("0."), let value = Double(text) else { throw NotACall() }
        return .float(value)
    }

    // MARK: - Texts

    private mutating func readStrings() throws -> String {
        var text = ""
        while let mark = scanner.next, mark == "\"" || mark == "'" {
            text += try readString(String(mark))
            scanner.skipBlanks()
        }
        return text
    }

    private mutating func readString(_ mark: String) throws -> String {
        let isLong = scanner.skip(mark + mark + mark)
        if !isLong { scanner.position += 1 }
        let end = isLong ? mark + mark + mark : mark
        var text = String.UnicodeScalarView()
        while let scalar = scanner.next {
            if scanner.skip(end) { return String(text) }
            scanner.position += 1
            switch scalar {
            case "\n" where !isLong: throw NotACall()
            case "\\": text.append(contentsOf: try readEscape().unicodeScalars)
            default: text.append(scalar)
            }
        }
        throw NotACall()
    }

    private mutating func readEscape() throws -> String {
        guard let scalar = scanner.next else { throw NotACall() }
        scanner.position += 1
        let simple: [Unicode.Scalar: String] = [
            "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "\n": "", "a": "\u{7}", "b": "\u{8}",
            "f": "\u{C}", "v": "\u{B}",
        ]
        if let text = simple[scalar] { return text }
        switch scalar {
        case "x": return try readCode(2)
        case "u": return try readCode(4)
        case "U": return try readCode(8)
        case "0"..."7", "N": throw NotACall()
        default: return "\\" + String(scalar)
        }
    }

    private mutating func readCode(_ count: Int) throws -> String {
        let end = scanner.position + count
        guard end <= scanner.text.count, let code = UInt32(scanner.string(scanner.position..<end), radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw NotACall() }
        scanner.position = end
        return String(scalar)
    }
}
