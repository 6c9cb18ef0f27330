import FoundationEssentials
import JSONDocuments
import LinuxSystem

/// Rows of a file of separated values (RFC 4180 for commas) whose first record names the columns.
///
/// Every cell is text, also one that looks like a number; an empty cell is null.
struct CSVRowReader: RowReader {
    private let path: String
    private let names: [String]
    private let records: [CSVRecord]
    private let separatorName: String

    /// - Parameter separator: a comma or a tab
    init(path: String, separator: UInt8) throws {
        self.path = path
        separatorName = separator == UInt8(ascii: "\t") ? "tabs" : "commas"
        let data = try FileContents.readText(path)
        var scanner = CSVScanner(path: path, separator: separator)
        names = try scanner.names(in: data.span)
        var records: [CSVRecord] = []
        while let record = try scanner.next(in: data.span) { records.append(record) }
        self.records = records
    }

    var count: Int { records.count }

    func place(of index: Int) -> RowPlace {
        RowPlace(path: path, number: records[index].line, isLine: true)
    }

    func row(_ index: Int) throws -> JSONObject {
        try Self.row(of: records[index].cells, names: names, separatorName: separatorName, at: place(of: index))
    }

    static func row(
        of cells: [String], names: [String], separatorName: String, at place: @autoclosure () -> RowPlace
    ) throws -> JSONObject {
        guard cells.count <= names.count else {
            throw DataError.badRow(
                place: place(),
                reason: "\(cells.count) cells, but the first line names \(names.count) columns; "
                    + "put cells that hold \(separatorName) into quotation marks")
        }
        var row = JSONObject()
        for (column, name) in names.enumerated() {
            let cell = column < cells.count ? cells[column] : ""
            row[name] = cell.isEmpty ? .null : .string(cell)
        }
        return row
    }
}

/// One record with the line it begins on.
struct CSVRecord: Sendable {
    let line: Int
    let cells: [String]
    /// Where it lies in the text.
    let bytes: Range<Int>
}

/// Takes the records of a text one after the other.
struct CSVScanner {
    private let path: String
    private let separator: UInt8
    private var position = 0
    private var line = 1

    init(path: String, separator: UInt8) {
        self.path = path
        self.separator = separator
    }

    /// The columns' names: the first record.
    mutating func names(in text: Span<UInt8>) throws -> [String] {
        position = TextEncoding.markLength(of: text)
        guard let first = try next(in: text) else { throw DataError.emptyFile(path: path) }
        return Self.distinct(first.cells)
    }

    /// The names that pandas gives: `Unnamed: 2` to the third column if it has none, and `a.1` to the second `a`.
    static func distinct(_ cells: [String]) -> [String] {
        var names = cells.enumerated().map { $1.isEmpty ? "Unnamed: \($0)" : $1 }
        var taken = Set(names)
        var uses: [String: Int] = [:]
        // Columns that have a name keep it before those that were given one.
        for index in cells.indices.filter({ !cells[$0].isEmpty }) + cells.indices.filter({ cells[$0].isEmpty }) {
            let given = names[index]
            var count = uses[given, default: 0]
            while count > 0 {
                uses[given] = count + 1
                names[index] = "\(given).\(count)"
                count = taken.insert(names[index]).inserted ? 0 : count + 1
            }
            uses[names[index], default: 0] += 1
        }
        return names
    }

    /// The next record that is not a blank line.
    mutating func next(in text: Span<UInt8>) throws -> CSVRecord? {
        while position < text.count {
            let (begin, start) = (line, position)
            var cells: [String] = []
            var isBlank = true
            while true {
                let wasQuoted = position < text.count && text[position] == UInt8(ascii: "\"")
                let cell = try Self.cell(of: text, separator: separator, at: &position, line: &line, path: path)
                if wasQuoted || !cell.isEmpty { isBlank = false }
                cells.append(cell)
                guard position < text.count, text[position] == separator else { break }
                position += 1
            }
            if position < text.count, text[position] == 0x0D { position += 1 }
            if position < text.count, text[position] == 0x0A { position += 1 }
            line += 1
            if cells.count > 1 || !isBlank { return CSVRecord(line: begin, cells: cells, bytes: start..<position) }
        }
        return nil
    }

    /// A cell; leaves `position` on the separator or line end behind it.
    private static func cell(
        of text: Span<UInt8>, separator: UInt8, at position: inout Int, line: inout Int, path: String
    ) throws -> String {
        var bytes: [UInt8] = []
        let begin = line
        if position < text.count, text[position] == UInt8(ascii: "\"") {
            position += 1
            while true {
                guard position < text.count else {
                    throw DataError.badFile(path: path, line: begin, reason: "a quotation mark is never closed")
                }
                let byte = text[position]
                position += 1
                if byte == UInt8(ascii: "\"") {
                    guard position < text.count, text[position] == UInt8(ascii: "\"") else { break }
                    position += 1
                }
                if byte == 0x0A { line += 1 }
                bytes.append(byte)
            }
        }
        while position < text.count, text[position] != separator, text[position] != 0x0A,
            text[position] != 0x0D
        {
            bytes.append(text[position])
            position += 1
        }
        guard let cell = String(validating: bytes, as: UTF8.self) else {
            throw DataError.badFile(path: path, line: begin, reason: "the text is not valid UTF-8")
        }
        return cell
    }
}
