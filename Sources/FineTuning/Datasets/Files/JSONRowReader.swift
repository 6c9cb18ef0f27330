import FoundationEssentials
import JSONDocuments

/// Rows of a JSON file: an array of objects (or texts), one object a line, or a single object.
///
/// Only the rows' borders are found at first; a row is parsed when it is asked for.
struct JSONRowReader: RowReader {
    private let path: String
    private let data: Data
    /// Where each row's text lies in the file.
    private let rows: [Range<Int>]
    /// Line numbers, if each row is a line.
    private let lines: [Int]?

    init(path: String) throws {
        self.path = path
        data = try FileContents.readText(path)
        var scanner = JSONRowScanner(path: path)
        var (rows, lines): ([Range<Int>], [Int]) = ([], [])
        while let row = try scanner.next(in: data.span) {
            rows.append(row.bytes)
            if scanner.hasLines { lines.append(row.number) }
        }
        self.rows = rows
        self.lines = scanner.hasLines ? lines : nil
    }

    var count: Int { rows.count }

    func place(of index: Int) -> RowPlace {
        RowPlace(path: path, number: lines?[index] ?? index + 1, isLine: lines != nil)
    }

    func row(_ index: Int) throws -> JSONObject {
        try Self.row(of: data.span.extracting(rows[index]), at: place(of: index))
    }

    /// A row's text as an object; a text alone is one with the column `text`.
    static func row(of text: Span<UInt8>, at place: @autoclosure () -> RowPlace) throws -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONDocument(parsing: text).root.value
        } catch let error as JSONError {
            throw DataError.badRow(place: place(), reason: "not valid JSON: \(Self.reason(error))")
        }
        if let object = value.object { return object }
        if let text = value.string { return ["text": .string(text)] }
        throw DataError.badRow(
            place: place(), reason: "a row must be an object with the row's columns, not \(value.kindName)")
    }

    /// The parser's complaint without its line, which counts from the row's beginning.
    private static func reason(_ error: JSONError) -> String {
        switch error.reason {
        case .syntax(let detail): "\(detail) (column \(error.column) of its line \(error.line))"
        default: error.description
        }
    }
}

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
        case beginning, array, lines, end
    }

    private let path: String
    private var position = 0
    private var place = Place.beginning
    private var count = 0
    /// Of the text at `position`, where each row is a line.
    private var line = 1

    /// Whether each row is a line; known once a row was taken.
    private(set) var hasLines = false

    init(path: String) {
        self.path = path
    }

    /// The next row, a value of the array or a line; nil behind the last.
    mutating func next(in text: Span<UInt8>) throws -> ScannedRow? {
        switch place {
        case .beginning:
            try begin(in: text)
            if let whole = single {
                single = nil
                return ScannedRow(bytes: whole, number: 1)
            }
            return try next(in: text)
        case .array: return try nextElement(in: text)
        case .lines: return nextLine(in: text)
        case .end: return nil
        }
    }

    /// A file that is one object over several lines.
    private var single: Range<Int>?

    private mutating func begin(in text: Span<UInt8>) throws {
        if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { position = 3 }
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
            let start = position
            let first = try value(in: text, number: 1)
            let isOneLine = !containsNewline(first, of: text)
            skipSpace(in: text)
            if position == text.count, !isOneLine {
                single = first
                return
            }
            guard isOneLine else { throw failure(in: text, "there is text after the row that this file begins with") }
            position = start
            line = line(of: position, in: text)
            hasLines = true
            place = .lines
        default: throw failure(in: text, "a data file must hold an array of rows, or one row (an object) on each line")
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

    /// The next line that is not blank.
    private mutating func nextLine(in text: Span<UInt8>) -> ScannedRow? {
        while position < text.count {
            let start = position
            var isBlank = true
            while position < text.count, text[position] != UInt8(ascii: "\n") {
                if isBlank, !Self.isSpace(text[position]) { isBlank = false }
                position += 1
            }
            let end = position
            position += 1
            line += 1
            if !isBlank { return ScannedRow(bytes: start..<end, number: line - 1) }
        }
        return nil
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
        while position < text.count, Self.isSpace(text[position]) { position += 1 }
    }

    private func containsNewline(_ range: Range<Int>, of text: Span<UInt8>) -> Bool {
        range.contains { text[$0] == UInt8(ascii: "\n") }
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
