import ColumnarFiles
import FoundationEssentials
import JSONDocuments
import LinuxSystem
import Synchronization

/// Rows of a file that holds them by columns, decoded a batch at a time.
struct ColumnarRowReader: RowReader {
    private let path: String
    private let file: any ColumnarFile
    private let batches: BatchCache
    /// The number of rows up to and including each batch's.
    private let ends: [Int]

    init(parquet path: String, batches: BatchCache) throws {
        try self.init(path, batches: batches) { data throws(ColumnarFileError) in try ParquetFile(data) }
    }

    init(arrow path: String, batches: BatchCache) throws {
        try self.init(path, batches: batches) { data throws(ColumnarFileError) in try ArrowFile(data) }
    }

    private init(
        _ path: String, batches: BatchCache, open: (Data) throws(ColumnarFileError) -> any ColumnarFile
    ) throws {
        let data = try FileContents.read(path)
        do throws(ColumnarFileError) {
            file = try open(data)
        } catch {
            throw DataError.badFile(path: path, line: 0, reason: "\(error)")
        }
        self.path = path
        self.batches = batches
        var end = 0
        ends = file.batchCounts.map { count in
            end += count
            return end
        }
    }

    var count: Int { ends.last ?? 0 }

    func place(of index: Int) -> RowPlace {
        RowPlace(path: path, number: index + 1, isLine: false)
    }

    func row(_ index: Int) throws -> JSONObject {
        // The first batch that ends behind the row.
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > index { high = middle } else { low = middle + 1 }
        }
        let batch = try batches.batch(low, of: path) {
            do throws(ColumnarFileError) {
                return try file.batch(low)
            } catch {
                throw DataError.badFile(path: path, line: 0, reason: "\(error)")
            }
        }
        do throws(ColumnarFileError) {
            return try batch.row(index - (low == 0 ? 0 : ends[low - 1]))
        } catch {
            throw DataError.badRow(place: place(of: index), reason: "\(error)")
        }
    }
}

/// Decoded batches of columnar files. When they take too much memory, those that were not asked for longest go.
package final class BatchCache: Sendable {
    private struct Key: Hashable {
        let path: String
        let batch: Int
    }

    private struct Entry {
        let batch: RowBatch
        let byteCount: Int
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var byteCount = 0
        var uses = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: bytes that batches may take, but for the latest one, which is always kept. A quarter of the
    ///   machine's memory unless given: rows are often taken in random order, for which all batches are needed at once.
    package init(limit: Int? = nil) {
        self.limit = limit ?? max(1 << 30, MachineMemory.present.usable / 4)
    }

    func batch(_ index: Int, of path: String, decode: () throws -> RowBatch) throws -> RowBatch {
        let key = Key(path: path, batch: index)
        // Held while decoding: rows in order want the same batch on all threads.
        return try state.withLock { state in
            state.uses += 1
            if let entry = state.entries[key] {
                state.entries[key]?.lastUse = state.uses
                return entry.batch
            }
            let batch = try decode()
            let byteCount = batch.byteCount
            while state.byteCount + byteCount > limit,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
                state.byteCount -= oldest.value.byteCount
            }
            state.entries[key] = Entry(batch: batch, byteCount: byteCount, lastUse: state.uses)
            state.byteCount += byteCount
            return batch
        }
    }
}
