import FoundationEssentials
import JSONDocuments

/// Rows of a JSON file: an array of objects (or texts), or objects one after the other, mostly one a line.
///
/// Only the rows' borders are found at first; a row is parsed when it is asked for.
struct JSONRowReader: RowReader {
    private let path: String
    private let data: Data
    /// Where each row's text lies in the file.
    private let rows: [Range<Int>]
    /// The lines on which rows begin, unless they stand in an array.
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
            value = try JSONDocument(parsingLeniently: text).root.value
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
