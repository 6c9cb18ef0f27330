package import JSONDocuments

/// A file that holds its rows by columns, in batches: row groups in Parquet, record batches in Arrow.
package protocol ColumnarFile: Sendable {
    /// Rows in each batch, in the file's order.
    var batchCounts: [Int] { get }
    /// Decodes one batch.
    func batch(_ index: Int) throws(ColumnarFileError) -> RowBatch
}

/// Rows of one batch, decoded but still by columns: a row is put together when it is asked for.
package struct RowBatch: Sendable {
    package let count: Int
    private let columns: [NamedColumn]
    /// What the batch is called in messages, for example `row group 3`.
    private let name: String

    /// - Precondition: every column has `count` values.
    init(name: String, count: Int, columns: [NamedColumn]) {
        self.name = name
        self.count = count
        self.columns = columns
    }

    /// Bytes of memory that the decoded columns take.
    package var byteCount: Int { columns.reduce(0) { $0 + $1.column.byteCount } }

    /// The row as `datasets` gives it; what JSON has no word for is a text (see `ScalarKind`).
    ///
    /// - Parameter index: the row within the batch, from 0.
    package func row(_ index: Int) throws(ColumnarFileError) -> JSONObject {
        var row = JSONObject()
        var budget = RowBudget()
        for named in columns {
            do throws(ColumnarFileError) {
                row[named.name] = try named.column.json(at: index, &budget)
            } catch {
                throw error.inColumn(named.name).inBatch(name)
            }
        }
        return row
    }
}

/// Why a columnar file, or a part of it, cannot be read.
package struct ColumnarFileError: Error, Hashable, CustomStringConvertible {
    /// For example `row group 3`.
    package private(set) var batch: String?
    /// The column's path, its parts joined by dots.
    package private(set) var column: String?
    package let reason: String

    package init(_ reason: String) { self.reason = reason }

    func inBatch(_ name: String) -> ColumnarFileError {
        var error = self
        error.batch = batch ?? name
        return error
    }

    /// The same for a column in which the present one lies.
    func inColumn(_ path: String) -> ColumnarFileError {
        var error = self
        error.column = column.map { "\(path).\($0)" } ?? path
        return error
    }

    package var description: String {
        let place = [batch, column.map { "column `\($0)`" }].compactMap { $0 }.joined(separator: ", ")
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}
