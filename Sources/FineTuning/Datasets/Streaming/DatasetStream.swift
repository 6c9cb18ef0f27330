import JSONDocuments
import RunConfiguration

/// A row that was taken from a stream and has yet to be read.
struct StreamedRow: Sendable {
    let dataset: DatasetStream
    let file: FileStream
    let row: ScannedRow
}

/// The beginning of a stream.
private struct FirstRows: CheckedRows {
    let rows: [JSONObject]

    var count: Int { rows.count }

    func row(_ index: Int) -> JSONObject { rows[index] }
}

/// The rows of one dataset, file after file.
final class DatasetStream: StreamedRows, @unchecked Sendable {  // Rows are taken on one thread; the rest is constant.
    let description: DatasetDescription
    let converter: RowConverter
    private let files: [FileStream]
    private var current = 0

    init(_ name: String, of catalog: DatasetCatalog, options: DataOptions) throws {
        description = try catalog.description(of: name)
        let comparesAnswers = options.stage == .rm || options.stage == .dpo
        guard description.ranking == comparesAnswers else {
            throw DataError.wrongStage(dataset: name, ranking: description.ranking, stage: options.stage)
        }
        guard try description.splitExpression().isWhole else {
            throw DataError.notAvailable(
                what: "the dataset `\(name)` takes the part `\(description.split)`, and a stream's length is unknown",
                instead: "leave out `split` in dataset_info.json or `streaming`")
        }
        converter = RowConverter(description: description)
        let found = try catalog.files(of: description)
        files = try found.map { try FileStream($0, batches: catalog.batches) }
        for (file, stream) in zip(found, files) {
            if try stream.next() == nil { throw DataError.emptyFile(path: file.path) }
        }
        try checkColumns()
        try rewind()
    }

    /// Rows that are looked at for a column that the first one lacks.
    private static let looked = 1000

    private func checkColumns() throws {
        try rewind()
        var rows: [JSONObject] = []
        while rows.count < Self.looked, let row = try next() { rows.append(try row.file.row(row.row)) }
        try ColumnCheck(converter: converter, table: FirstRows(rows: rows)).run()
    }

    var identity: String {
        description.name + ":" + files.map { "\($0.name)=\($0.byteCount)" }.joined(separator: ",")
    }

    func rewind() throws {
        current = 0
        for file in files { try file.rewind() }
    }

    func next() throws -> StreamedRow? {
        while current < files.count {
            if let row = try files[current].next() {
                return StreamedRow(dataset: self, file: files[current], row: row)
            }
            files[current].forget()
            current += 1
        }
        return nil
    }

    func forget() { for file in files { file.forget() } }
}
