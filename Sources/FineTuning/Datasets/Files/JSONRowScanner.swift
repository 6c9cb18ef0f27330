import LinuxSystem

/// Where a row lies in its file.
struct ScannedRow: Sendable {
    /// In the file's text, decompressed; of columnar files, row numbers.
    var bytes: Range<Int>
    /// What messages call it: its line or its number, from 1.
    var number: Int
}

/// Finds where the rows of a JSON text begin and end, knowing no more of JSON than strings and brackets.
struct JSONRowScanner {
    private enum Place {
        case beginning, array, objects, end
    }

    private let path: String
    private var position = 0
    private var place = Place.beginning
    private var count = 0
    /// Of the text at `position`, outside an array.
    private var line = 1
    /// Whether an object without an end was met; from there on, each row is a line.
    private var takesLines = false

    /// Whether rows are known by their lines; told once a row was taken.
    private(set) var hasLines = false

    init(path: String) {
        self.path = path
    }

    /// The next row, a value of the array or an object; nil behind the last.
    mutating func next(in text: Span<UInt8>) throws -> ScannedRow? {
        switch place {
        case .beginning:
            try begin(in: text)
            return try next(in: text)
        case .array: return try nextElement(in: text)
        case .objects: return nextObject(in: text)
        case .end: return nil
        }
    }

    private mutating func begin(in text: Span<UInt8>) throws {
        position = TextEncoding.markLength(of: text)
        skipSpace(in: text)
        place = .end
        guard position < text.count else { return }
        switch text[position] {
        case UInt8(ascii: "["):
            position += 1
            skipSpace(in: text)
            place = .array
            if position < text.count, text[position] == UInt8(ascii: "]") {
                position += 1
                try finishArray(in: text)
            }
        case UInt8(ascii: "{"):
            line = line(of: position, in: text)
            hasLines = true
            place = .objects
        default:
            throw failure(
                in: text,
                "a data file must hold an array of rows, or rows (objects) one after the other, each on a line")
        }
    }

    private mutating func nextElement(in text: Span<UInt8>) throws -> ScannedRow {
        count += 1
        let element = try value(in: text, number: count)
        skipSpace(in: text)
        guard position < text.count else { throw failure(in: text, "the file ends inside the array of rows") }
        switch text[position] {
        case UInt8(ascii: "]"):
            position += 1
            try finishArray(in: text)
        case UInt8(ascii: ","):
            position += 1
            skipSpace(in: text)
        default: throw failure(in: text, "after row \(count) a comma or the end of the array is missing")
        }
        return ScannedRow(bytes: element, number: count)
    }

    private mutating func finishArray(in text: Span<UInt8>) throws {
        place = .end
        skipSpace(in: text)
        guard position == text.count else { throw failure(in: text, "there is text after the array of rows") }
    }

    /// The next object, which may go over several lines and share one with others.
    ///
    /// What is none is taken with all that follows on its line, and refused when it is read.
    private mutating func nextObject(in text: Span<UInt8>) -> ScannedRow? {
        skipSpace(in: text)
        guard position < text.count else { return nil }
        let (start, begin) = (position, line)
        if !takesLines, text[position] == UInt8(ascii: "{") {
            if passObject(in: text) { return ScannedRow(bytes: start..<position, number: begin) }
            (position, line, takesLines) = (start, begin, true)
        }
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
        return ScannedRow(bytes: start..<position, number: begin)
    }

    /// Leaves `position` behind the object that begins there; false where it has no end.
    private mutating func passObject(in text: Span<UInt8>) -> Bool {
        var depth = 0
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                let start = position
                skipString(in: text)
                // Over the end of a line only a forgotten quotation mark leads.
                if (start..<min(position, text.count)).contains(where: { text[$0] == UInt8(ascii: "\n") }) {
                    return false
                }
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\n"): line += 1
            default: break
            }
            position += 1
            if depth == 0 { return true }
        }
        return false
    }

    /// The value that begins here; leaves `position` behind it.
    private mutating func value(in text: Span<UInt8>, number: Int) throws -> Range<Int> {
        let start = position
        var depth = 0
        scan: while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""): skipString(in: text)
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if depth == 0 { break scan }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { break scan }
            default: break
            }
            position += 1
            if depth == 0, position <= text.count, Self.endsValue(text[min(position, text.count) - 1]) { break }
        }
        guard depth == 0, position <= text.count else {
            position = start
            throw failure(in: text, "row \(number), beginning here, has no end: a bracket or quotation mark is missing")
        }
        guard position > start else { throw failure(in: text, "row \(number) is missing before this comma or bracket") }
        return start..<position
    }

    /// Leaves `position` on the closing quotation mark.
    private mutating func skipString(in text: Span<UInt8>) {
        position += 1
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
    }

    private mutating func skipSpace(in text: Span<UInt8>) {
        while position < text.count, Self.isSpace(text[position]) {
            if text[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
    }

    private func line(of offset: Int, in text: Span<UInt8>) -> Int {
        var line = 1
        for index in 0..<min(offset, text.count) where text[index] == UInt8(ascii: "\n") { line += 1 }
        return line
    }

    private func failure(in text: Span<UInt8>, _ reason: String) -> DataError {
        .badFile(path: path, line: line(of: position, in: text), reason: reason)
    }
}
