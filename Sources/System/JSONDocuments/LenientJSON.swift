extension JSONDocument {
    /// Parses a text as Python's and pandas' readers do: beside what RFC 8259 allows, `NaN`, `Infinity` and
    /// `-Infinity` (read as null), control characters within strings, keys given twice (the last value counts, in the
    /// first one's place), and a byte order mark at the beginning.
    ///
    /// For files that people and their programs made; never for what a program sends.
    package init(parsingLeniently text: Span<UInt8>, limits: JSONLimits = .default) throws {
        do {
            try self.init(parsing: text, limits: limits)
        } catch let error as JSONError {
            switch error.reason {
            case .tooLarge, .tooDeep: throw error
            case .syntax, .duplicateKey: break
            }
            let edits = LenientEdits(text)
            let edited = edits.applied(to: text)
            do throws(JSONError) {
                self.init(tree: try JanssonTree(parsing: edited.span, limits: limits, allowsDuplicates: true))
            } catch {
                throw edits.relocated(error, edited: edited.span, original: text)
            }
        }
    }
}

/// What to change in a text so that a strict parser takes it.
private struct LenientEdits {
    private struct Edit {
        let range: Range<Int>
        let replacement: [UInt8]

        var growth: Int { replacement.count - range.count }
    }

    /// In the order of the text.
    private var edits: [Edit] = []

    private static let literals = ["NaN", "Infinity", "-Infinity"].map { Array($0.utf8) }

    init(_ text: Span<UInt8>) {
        var index = 0
        if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF {
            edits.append(Edit(range: 0..<3, replacement: []))
            index = 3
        }
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): index = editString(in: text, from: index + 1)
            case UInt8(ascii: "N"), UInt8(ascii: "I"), UInt8(ascii: "-"):
                guard let literal = Self.literals.first(where: { Self.has($0, at: index, in: text) }) else {
                    fallthrough
                }
                edits.append(Edit(range: index..<index + literal.count, replacement: Array("null".utf8)))
                index += literal.count
            default: index += 1
            }
        }
    }

    /// - Returns: the place behind the closing quotation mark
    private mutating func editString(in text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            let byte = text[index]
            if byte < 0x20 {
                let digits = Array(String(byte, radix: 16).utf8)
                let escape = Array("\\u00".utf8) + (digits.count == 1 ? [UInt8(ascii: "0")] : []) + digits
                edits.append(Edit(range: index..<index + 1, replacement: escape))
            }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return index + 1
    }

    private static func has(_ word: [UInt8], at start: Int, in text: Span<UInt8>) -> Bool {
        start + word.count <= text.count && word.indices.allSatisfy { text[start + $0] == word[$0] }
    }

    func applied(to text: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(edits.reduce(text.count) { $0 + $1.growth })
        var index = 0
        for edit in edits {
            while index < edit.range.lowerBound {
                result.append(text[index])
                index += 1
            }
            result += edit.replacement
            index = edit.range.upperBound
        }
        while index < text.count {
            result.append(text[index])
            index += 1
        }
        return result
    }

    /// An error of the edited text with its place in the original.
    func relocated(_ error: JSONError, edited: Span<UInt8>, original: Span<UInt8>) -> JSONError {
        guard error.line > 0 else { return error }
        var (line, column, offset) = (1, 1, 0)
        while offset < edited.count, (line, column) < (error.line, error.column) {
            if edited[offset] == UInt8(ascii: "\n") {
                (line, column) = (line + 1, 1)
            } else if edited[offset] & 0xC0 != 0x80 {
                column += 1
            }
            offset += 1
        }
        for edit in edits {
            guard edit.range.lowerBound + edit.growth < offset else { break }
            offset = max(offset - edit.growth, edit.range.lowerBound)
        }
        let place = JSONPrescan.place(of: offset, in: original)
        return JSONError(error.reason, line: place.line, column: place.column)
    }
}
