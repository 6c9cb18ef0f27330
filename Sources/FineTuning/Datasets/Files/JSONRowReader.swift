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
        rows = try scanner.rows(of: data.span)
        lines = scanner.lines
    }

    var count: Int { rows.count }

    func place(of index: Int) -> RowPlace {
        RowPlace(path: path, number: lines?[index] ?? index + 1, isLine: lines != nil)
    }

    func row(_ index: Int) throws -> JSONObject {
        let value: JSONValue
        do {
            let range = rows[index]
            value = try JSONDocument(parsing: data.span.extracting(range)).root.value
        } catch let error as JSONError {
            throw DataError.badRow(place: place(of: index), reason: "not valid JSON: \(Self.reason(error))")
        }
        if let object = value.object { return object }
        if let text = value.string { return ["text": .string(text)] }
        throw DataError.badRow(
            place: place(of: index), reason: "a row must be an object with the row's columns, not \(value.kindName)")
    }

    /// The parser's complaint without its line, which counts from the row's beginning.
    private static func reason(_ error: JSONError) -> String {
        switch error.reason {
        case .syntax(let detail): "\(detail) (column \(error.column) of its line \(error.line))"
        default: error.description
        }
    }
}

/// Finds where the rows of a JSON text begin and end, knowing no more of JSON than strings and brackets.
struct JSONRowScanner {
    private let path: String
    private var position = 0
    /// Line numbers, if each row is a line.
    private(set) var lines: [Int]?

    init(path: String) {
        self.path = path
    }

    mutating func rows(of text: Span<UInt8>) throws -> [Range<Int>] {
        if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { position = 3 }
        skipSpace(in: text)
        guard position < text.count else { return [] }
        switch text[position] {
        case UInt8(ascii: "["): return try arrayElements(of: text)
        case UInt8(ascii: "{"): return try objects(of: text)
        default: throw failure(in: text, "a data file must hold an array of rows, or one row (an object) on each line")
        }
    }

    private mutating func arrayElements(of text: Span<UInt8>) throws -> [Range<Int>] {
        var elements: [Range<Int>] = []
        position += 1
        skipSpace(in: text)
        if position < text.count, text[position] == UInt8(ascii: "]") {
            position += 1
        } else {
            while true {
                elements.append(try value(in: text, number: elements.count + 1))
                skipSpace(in: text)
                guard position < text.count else { throw failure(in: text, "the file ends inside the array of rows") }
                let byte = text[position]
                position += 1
                if byte == UInt8(ascii: "]") { break }
                guard byte == UInt8(ascii: ",") else {
                    position -= 1
                    throw failure(in: text, "after row \(elements.count) a comma or the end of the array is missing")
                }
                skipSpace(in: text)
            }
        }
        skipSpace(in: text)
        guard position == text.count else { throw failure(in: text, "there is text after the array of rows") }
        return elements
    }

    /// One object a line; if the first does not end on its line, the file is a single row.
    private mutating func objects(of text: Span<UInt8>) throws -> [Range<Int>] {
        let start = position
        let first = try value(in: text, number: 1)
        let isOneLine = !containsNewline(first, of: text)
        skipSpace(in: text)
        if position == text.count, !isOneLine { return [first] }
        guard isOneLine else { throw failure(in: text, "there is text after the row that this file begins with") }
        position = start
        return wholeLines(of: text)
    }

    private mutating func wholeLines(of text: Span<UInt8>) -> [Range<Int>] {
        var rows: [Range<Int>] = []
        var numbers: [Int] = []
        var number = line(of: position, in: text)
        while position < text.count {
            var end = position
            while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
            if (position..<end).contains(where: { !Self.isSpace(text[$0]) }) {
                rows.append(position..<end)
                numbers.append(number)
            }
            position = end + 1
            number += 1
        }
        lines = numbers
        return rows
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
