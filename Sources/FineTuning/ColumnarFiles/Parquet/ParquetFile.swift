package import FoundationEssentials

/// A Parquet file: row groups of column chunks, told by a footer.
///
/// Reads both versions of data pages, every encoding in use, and the codecs snappy, gzip, zstd and LZ4_RAW. Every length,
/// count and offset is distrusted; a row group takes at most `MemoryBudget.ofBatch` bytes.
///
/// https://parquet.apache.org/docs/file-format/
package struct ParquetFile: ColumnarFile {
    private let data: Data
    private let schema: ParquetSchema
    private let groups: [ParquetMetadata.RowGroup]
    package let batchCounts: [Int]

    /// Rows of a file, whose numbers alone take 2 GiB.
    static let mostRows = 1 << 28

    private static let mark = Array("PAR1".utf8)
    private static let encryptedMark = Array("PARE".utf8)

    /// Whether a file begins as Parquet files do.
    package static func hasMark(_ data: Data) -> Bool { data.starts(with: mark) }

    /// Reads the footer.
    package init(_ data: Data) throws(ColumnarFileError) {
        self.data = data
        let end = [UInt8](data.suffix(8))
        if end.suffix(4).elementsEqual(Self.encryptedMark) {
            throw ColumnarFileError("it is encrypted, which cannot be read; write it without encryption")
        }
        guard data.count >= 12, Self.hasMark(data), end.suffix(4).elementsEqual(Self.mark) else {
            throw ColumnarFileError(
                "not a Parquet file, or one that was not written to its end (it must begin and end with PAR1)")
        }
        let size = Int(end.littleEndian(at: 0) as UInt32)
        guard size <= data.count - 12 else {
            throw ColumnarFileError("its footer of \(size) bytes does not fit the file of \(data.count) bytes")
        }
        let metadata: ParquetMetadata
        do throws(ColumnarFileError) {
            let start = data.startIndex + data.count - 8 - size
            metadata = try ParquetMetadata([UInt8](data[start..<start + size]))
            schema = try ParquetSchema(metadata.schema)
        } catch {
            throw ColumnarFileError("the footer: \(error)")
        }
        groups = metadata.groups
        batchCounts = groups.map(\.rowCount)
        try check(metadata.rowCount)
    }

    private func check(_ rowCount: Int) throws(ColumnarFileError) {
        var total = 0
        for (number, group) in groups.enumerated() {
            let name = Self.name(ofGroup: number)
            guard group.rowCount >= 0, group.rowCount <= Self.mostRows - total else {
                throw ColumnarFileError(
                    "with \(group.rowCount) rows, the file has more than \(Self.mostRows)"
                ).inBatch(name)
            }
            total += group.rowCount
            guard group.chunks.count == schema.leaves.count else {
                throw ColumnarFileError(
                    "\(group.chunks.count) columns, but the schema has \(schema.leaves.count)"
                ).inBatch(name)
            }
            for (chunk, leaf) in zip(group.chunks, schema.leaves) {
                do throws(ColumnarFileError) {
                    try check(chunk, of: leaf, in: group)
                } catch {
                    throw error.inColumn(leaf.path).inBatch(name)
                }
            }
        }
        guard total == rowCount else {
            throw ColumnarFileError("the footer speaks of \(rowCount) rows, but its row groups have \(total)")
        }
    }

    private func check(
        _ chunk: ParquetMetadata.Chunk, of leaf: ParquetLeaf, in group: ParquetMetadata.RowGroup
    ) throws(ColumnarFileError) {
        if let file = chunk.file { throw ColumnarFileError("its data is in another file (\(file)), which is not read") }
        if chunk.isEncrypted { throw ColumnarFileError("it is encrypted, which cannot be read") }
        guard chunk.type == leaf.type else { throw ColumnarFileError("its type is not the schema's") }
        let isPlausible =
            leaf.repetition == 0 ? chunk.valueCount == group.rowCount : chunk.valueCount >= group.rowCount
        guard isPlausible else {
            throw ColumnarFileError("\(chunk.valueCount) values in \(group.rowCount) rows")
        }
        guard let range = range(of: chunk), range.lowerBound >= 4, range.upperBound <= data.count - 8 else {
            throw ColumnarFileError("it lies outside of the file")
        }
    }

    private func range(of chunk: ParquetMetadata.Chunk) -> Range<Int>? {
        var start = chunk.dataOffset
        if let dictionary = chunk.dictionaryOffset, dictionary > 0 { start = min(start, dictionary) }
        guard start >= 0, chunk.compressedSize >= 0 else { return nil }
        let (end, overflow) = start.addingReportingOverflow(chunk.compressedSize)
        return overflow ? nil : start..<end
    }

    private static func name(ofGroup number: Int) -> String { "row group \(number + 1)" }

    // MARK: - Row groups

    package func batch(_ index: Int) throws(ColumnarFileError) -> RowBatch {
        do throws(ColumnarFileError) {
            return try batch(of: groups[index], name: Self.name(ofGroup: index))
        } catch {
            throw error.inBatch(Self.name(ofGroup: index))
        }
    }

    private func batch(of group: ParquetMetadata.RowGroup, name: String) throws(ColumnarFileError) -> RowBatch {
        var budget = MemoryBudget()
        var chunks: [ColumnChunk] = []
        for (chunk, leaf) in zip(group.chunks, schema.leaves) {
            do throws(ColumnarFileError) {
                chunks.append(try read(chunk, of: leaf, rows: group.rowCount, &budget))
            } catch {
                throw error.inColumn(leaf.path)
            }
        }
        let assembly = LevelAssembly(chunks, schema.leaves)
        var columns: [NamedColumn] = []
        for field in schema.columns {
            let column = try assembly.column(field, budget: &budget)
            columns.append(NamedColumn(name: field.name, column: column))
        }
        return RowBatch(name: name, count: group.rowCount, columns: columns)
    }

    private func read(
        _ chunk: ParquetMetadata.Chunk, of leaf: ParquetLeaf, rows: Int, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> ColumnChunk {
        guard let range = range(of: chunk) else { throw ColumnarFileError("it lies outside of the file") }
        let start = data.startIndex + range.lowerBound
        var reader = ColumnChunkReader(chunk, of: leaf, bytes: [UInt8](data[start..<start + range.count]))
        let read = try reader.read(budget: &budget)
        guard read.rowCount == rows, read.beginsWithRow else {
            throw ColumnarFileError("\(read.rowCount) rows, but the row group has \(rows)")
        }
        return read
    }
}
