import Compression
import JSONDocuments
import LinuxSystem

/// The rows of one file, taken one after the other without a list of them.
///
/// Rows may be read on any thread; they are taken on one.
final class FileStream: @unchecked Sendable {
    // Sendable: what changes does so on the thread that takes rows, which waits while tasks read them.
    private enum Scanner {
        case json(JSONRowScanner)
        case csv(CSVScanner)
        case text(LineScanner)
        case columns(next: Int)
    }

    private let file: DataFile
    private let text: StreamedText?
    private let columns: ColumnarRowReader?
    private let names: [String]
    private var scanner: Scanner
    /// Bytes behind the row taken last.
    private var reached = 0
    private var hasLines = false

    /// - Parameter batches: where decoded batches of columnar files are kept.
    init(_ file: DataFile, batches: BatchCache) throws {
        self.file = file
        if file.kind.isColumnar {
            columns =
                try file.kind == .arrow
                ? ColumnarRowReader(arrow: file.path, batches: batches)
                : ColumnarRowReader(parquet: file.path, batches: batches)
            text = nil
        } else {
            columns = nil
            text = try StreamedText(path: file.path)
        }
        scanner = .columns(next: 0)
        if let separator = file.separator, let text {
            var first = CSVScanner(path: file.path, separator: separator)
            names = try first.names(in: unsafe text.bytes.span)
        } else {
            names = []
        }
        try rewind()
    }

    var name: String { file.name }
    var byteCount: Int { unsafe text?.bytes.count ?? columns?.count ?? 0 }

    func rewind() throws {
        reached = 0
        switch file.kind {
        case .json: scanner = .json(JSONRowScanner(path: file.path))
        case .csv, .tsv:
            var records = CSVScanner(path: file.path, separator: file.separator ?? UInt8(ascii: ","))
            if let text { _ = try records.names(in: unsafe text.bytes.span) }
            scanner = .csv(records)
        case .text: scanner = .text(LineScanner())
        case .parquet, .arrow: scanner = .columns(next: 0)
        }
    }

    func next() throws -> ScannedRow? {
        guard let text else {
            guard case .columns(let row) = scanner, let columns, row < columns.count else { return nil }
            scanner = .columns(next: row + 1)
            return ScannedRow(bytes: row..<row + 1, number: row + 1)
        }
        let bytes = unsafe text.bytes.span
        let row: ScannedRow?
        switch scanner {
        case .json(var rows):
            row = try rows.next(in: bytes)
            hasLines = rows.hasLines
            scanner = .json(rows)
        case .csv(var records):
            row = try records.next(in: bytes).map { ScannedRow(bytes: $0.bytes, number: $0.line) }
            scanner = .csv(records)
        case .text(var lines):
            row = lines.next(in: bytes)
            scanner = .text(lines)
        case .columns: row = nil
        }
        if let row { reached = row.bytes.upperBound }
        return row
    }

    func row(_ scanned: ScannedRow) throws -> JSONObject {
        guard let text else { return try columns?.row(scanned.bytes.lowerBound) ?? [:] }
        let bytes = unsafe text.bytes.span.extracting(scanned.bytes)
        switch file.kind {
        case .csv, .tsv:
            let separator = file.separator ?? UInt8(ascii: ",")
            var records = CSVScanner(path: file.path, separator: separator)
            return try CSVRowReader.row(
                of: try records.next(in: bytes)?.cells ?? [], names: names,
                separatorName: separator == UInt8(ascii: "\t") ? "tabs" : "commas", at: place(of: scanned))
        case .text: return try TextRowReader.row(of: bytes, at: place(of: scanned))
        case .json, .parquet, .arrow: return try JSONRowReader.row(of: bytes, at: place(of: scanned))
        }
    }

    func place(of scanned: ScannedRow) -> RowPlace {
        let isLine = file.kind.isColumnar ? false : file.kind == .json ? hasLines : true
        return RowPlace(path: file.path, number: scanned.number, isLine: isLine)
    }

    /// Lets go of the memory of rows that were taken; they can still be read.
    func forget() { text?.forget(first: reached) }
}

extension DataFile {
    fileprivate var separator: UInt8? {
        switch kind {
        case .csv: UInt8(ascii: ",")
        case .tsv: UInt8(ascii: "\t")
        default: nil
        }
    }
}

/// A file's text: mapped, or in memory where it has to be decompressed.
private final class StreamedText: @unchecked Sendable {  // Immutable after init.
    private let mapped: MappedFile
    private let decompressed: UnsafeMutableBufferPointer<UInt8>?

    init(path: String) throws {
        do {
            mapped = try MappedFile(path: path)
        } catch {
            throw DataError.unreadable(path: path, cause: error)
        }
        let isCompressed = CompressionFormat(markOf: unsafe mapped.bytes.bindMemory(to: UInt8.self).span) != nil
        guard isCompressed else {
            unsafe decompressed = nil
            try FileContents.checkEncoding(of: unsafe mapped.bytes.bindMemory(to: UInt8.self).span, path)
            return
        }
        let text = try FileContents.readText(path)
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
        _ = unsafe copy.initialize(from: text)
        unsafe decompressed = unsafe copy
    }

    deinit { unsafe decompressed?.deallocate() }

    /// Valid as long as this object lives.
    var bytes: UnsafeBufferPointer<UInt8> {
        if let decompressed = unsafe decompressed { return UnsafeBufferPointer(decompressed) }
        return unsafe mapped.bytes.bindMemory(to: UInt8.self)
    }

    func forget(first length: Int) { if unsafe decompressed == nil { mapped.forget(first: length) } }
}
