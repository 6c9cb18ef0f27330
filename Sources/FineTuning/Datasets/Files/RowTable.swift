package import JSONDocuments

/// Rows of a dataset that are parsed one at a time.
package struct RowTable: Sendable, CheckedRows {
    private var readers: [any RowReader] = []
    /// The number of rows up to and including each reader's.
    private var ends: [Int] = []

    /// - Parameter batches: where decoded batches of columnar files are kept; tables may share it.
    package init(files: [DataFile], batches: BatchCache = BatchCache()) throws {
        for file in files {
            let reader: any RowReader =
                switch file.kind {
                case .json: try JSONRowReader(path: file.path)
                case .csv: try CSVRowReader(path: file.path, separator: UInt8(ascii: ","))
                case .tsv: try CSVRowReader(path: file.path, separator: UInt8(ascii: "\t"))
                case .text: try TextRowReader(path: file.path)
                case .parquet: try ColumnarRowReader(parquet: file.path, batches: batches)
                case .arrow: try ColumnarRowReader(arrow: file.path, batches: batches)
                }
            if reader.count == 0 { throw DataError.emptyFile(path: file.path) }
            readers.append(reader)
            ends.append((ends.last ?? 0) + reader.count)
        }
    }

    package var count: Int { ends.last ?? 0 }

    package func row(_ index: Int) throws -> JSONObject {
        let (reader, row) = locate(index)
        return try reader.row(row)
    }

    package func place(of index: Int) -> RowPlace {
        let (reader, row) = locate(index)
        return reader.place(of: row)
    }

    private func locate(_ index: Int) -> (reader: any RowReader, row: Int) {
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > index { high = middle } else { low = middle + 1 }
        }
        return (readers[low], index - (low == 0 ? 0 : ends[low - 1]))
    }
}

/// Rows in which columns are looked for.
protocol CheckedRows {
    var count: Int { get }
    func row(_ index: Int) throws -> JSONObject
}

extension CheckedRows {
    /// Whether any row satisfies `condition`; reads until one does.
    func contains(where condition: (JSONObject) -> Bool) throws -> Bool {
        for index in 0..<count where condition(try row(index)) { return true }
        return false
    }

    /// The columns of the first rows, in the order in which they appear.
    func columns(ofFirst limit: Int = 1000) throws -> [String] {
        var names: [String] = []
        for index in 0..<min(count, limit) {
            for name in try row(index).keys where !names.contains(name) { names.append(name) }
        }
        return names
    }
}

/// The rows of one file.
protocol RowReader: Sendable {
    var count: Int { get }
    func row(_ index: Int) throws -> JSONObject
    func place(of index: Int) -> RowPlace
}
