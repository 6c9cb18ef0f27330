import Compression

/// A column chunk: the levels of its entries, and its values without the nulls.
struct ColumnChunk {
    /// Empty if every level is the greatest one, which is 0.
    var repetition: [UInt8] = []
    /// Empty if every level is the greatest one, which is 0.
    var definition: [UInt8] = []
    var count = 0
    var store: ScalarStore
    /// Where each value that is not null lies in the store.
    var positions: [UInt32] = []
}

/// Reads the pages of one column chunk.
///
/// https://parquet.apache.org/docs/file-format/data-pages/
struct ColumnChunkReader {
    private let leaf: ParquetLeaf
    private let chunk: ParquetMetadata.Chunk
    private let bytes: [UInt8]
    private var values: PageValues
    private var dictionaryCount: Int?
    private var result: ColumnChunk

    /// - Parameter bytes: the chunk's own, from its first page on.
    init(_ chunk: ParquetMetadata.Chunk, of leaf: ParquetLeaf, bytes: [UInt8]) {
        self.chunk = chunk
        self.leaf = leaf
        self.bytes = bytes
        values = PageValues(leaf)
        result = ColumnChunk(store: values.store)
    }

    mutating func read(budget: inout MemoryBudget) throws(ColumnarFileError) -> ColumnChunk {
        var position = 0
        while result.count < chunk.valueCount {
            var thrift = CompactThrift(ByteReader(bytes, position..<bytes.count))
            let header = try PageHeader(&thrift)
            var reader = thrift.reader
            let body = try reader.take(header.compressedSize)
            position = body.upperBound
            switch header.kind {
            case .dictionary: try readDictionary(header, body, &budget)
            case .data: try readData(header, body, &budget)
            case .dataV2: try readDataV2(header, body, &budget)
            case .other: continue
            }
        }
        result.store = values.store
        return result
    }

    // MARK: - Pages

    private mutating func readDictionary(
        _ header: PageHeader, _ body: Range<Int>, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        guard dictionaryCount == nil, result.count == 0 else {
            throw ColumnarFileError("a second dictionary, or one behind the values")
        }
        guard header.encoding == 0 || header.encoding == 2 else {
            throw ColumnarFileError("a dictionary in the encoding \(header.encoding)")
        }
        guard header.valueCount >= 0 else { throw Self.badCount(header.valueCount) }
        var reader = ByteReader(try decompressed(body, to: header.uncompressedSize, budget))
        try values.append(header.valueCount, .plain, from: &reader, budget: &budget)
        dictionaryCount = header.valueCount
    }

    private mutating func readData(
        _ header: PageHeader, _ body: Range<Int>, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        try begin(header, &budget)
        var reader = ByteReader(try decompressed(body, to: header.uncompressedSize, budget))
        if leaf.repetition > 0 {
            guard header.repetitionEncoding == 3 else { throw Self.oldLevels }
            try Self.levels(&reader, upTo: leaf.repetition, header.valueCount, into: &result.repetition)
        }
        if leaf.definition > 0 {
            guard header.definitionEncoding == 3 else { throw Self.oldLevels }
            try Self.levels(&reader, upTo: leaf.definition, header.valueCount, into: &result.definition)
        }
        try readValues(header, from: &reader, &budget)
    }

    private mutating func readDataV2(
        _ header: PageHeader, _ body: Range<Int>, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        try begin(header, &budget)
        // The levels are never compressed.
        var whole = ByteReader(bytes, body)
        var repetition = ByteReader(bytes, try whole.take(header.repetitionSize))
        var definition = ByteReader(bytes, try whole.take(header.definitionSize))
        if leaf.repetition > 0 {
            try Self.levels(of: &repetition, upTo: leaf.repetition, header.valueCount, into: &result.repetition)
        }
        if leaf.definition > 0 {
            try Self.levels(of: &definition, upTo: leaf.definition, header.valueCount, into: &result.definition)
        }
        let size = header.uncompressedSize - header.repetitionSize - header.definitionSize
        let rest = whole.takeRest()
        if header.isCompressed {
            var reader = ByteReader(try decompressed(rest, to: size, budget))
            try readValues(header, from: &reader, &budget)
        } else {
            var reader = ByteReader(bytes, rest)
            try readValues(header, from: &reader, &budget)
        }
    }

    /// Pays for levels and positions of a page's entries.
    private func begin(_ header: PageHeader, _ budget: inout MemoryBudget) throws(ColumnarFileError) {
        guard header.valueCount >= 0, header.valueCount <= chunk.valueCount - result.count else {
            throw Self.badCount(header.valueCount)
        }
        try budget.spend(header.valueCount, of: 6)
    }

    private mutating func readValues(
        _ header: PageHeader, from reader: inout ByteReader, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        var count = header.valueCount
        if leaf.definition > 0 {
            let greatest = UInt8(leaf.definition)
            count = result.definition[result.count...].count { $0 == greatest }
        }
        result.count += header.valueCount
        guard let encoding = PageValues.Encoding(rawValue: header.encoding) else {
            throw ColumnarFileError("a page in the unknown encoding \(header.encoding)")
        }
        if encoding == .dictionary || encoding == .plainDictionary {
            try readPositions(count, from: &reader)
        } else {
            let start = values.store.count
            try values.append(count, encoding, from: &reader, budget: &budget)
            result.positions.append(contentsOf: (start..<start + count).lazy.map { UInt32($0) })
        }
    }

    private mutating func readPositions(_ count: Int, from reader: inout ByteReader) throws(ColumnarFileError) {
        guard let dictionaryCount else { throw ColumnarFileError("values of a dictionary that is not there") }
        guard count > 0 else { return }
        let width = Int(try reader.byte())
        guard width <= 32 else { throw ColumnarFileError("dictionary positions of \(width) bits") }
        let start = result.positions.count
        try RunLengths.decode(&reader, width: width, count: count, into: &result.positions)
        guard result.positions[start...].allSatisfy({ $0 < dictionaryCount }) else {
            throw ColumnarFileError("a value beyond the \(dictionaryCount) entries of its dictionary")
        }
    }

    // MARK: - Parts of a page

    private static func levels(
        _ reader: inout ByteReader, upTo greatest: Int, _ count: Int, into levels: inout [UInt8]
    ) throws(ColumnarFileError) {
        let size: UInt32 = try reader.littleEndian()
        var part = ByteReader(reader.bytes, try reader.take(Int(size)))
        try Self.levels(of: &part, upTo: greatest, count, into: &levels)
    }

    private static func levels(
        of reader: inout ByteReader, upTo greatest: Int, _ count: Int, into levels: inout [UInt8]
    ) throws(ColumnarFileError) {
        let start = levels.count
        let width = Int.bitWidth - greatest.leadingZeroBitCount
        try RunLengths.decode(&reader, width: width, count: count, into: &levels)
        guard levels[start...].allSatisfy({ $0 <= greatest }) else {
            throw ColumnarFileError("a level above the greatest one, \(greatest)")
        }
    }

    private func decompressed(
        _ range: Range<Int>, to size: Int, _ budget: MemoryBudget
    ) throws(ColumnarFileError) -> [UInt8] {
        guard size >= 0 else { throw ColumnarFileError("a page of \(size) bytes") }
        // Some writers keep nothing at all of a page with nothing but nulls.
        if size == 0 { return [] }
        guard let codec = Self.codecs[chunk.codec] else {
            let name = Self.otherCodecs[chunk.codec] ?? "number \(chunk.codec)"
            throw ColumnarFileError(
                "compressed by the codec \(name), which is not read; write the file with snappy, gzip, zstd or none")
        }
        guard let format = codec else {
            guard range.count == size else {
                throw ColumnarFileError("a page of \(range.count) bytes that should have \(size)")
            }
            return Array(bytes[range])
        }
        do throws(CompressionError) {
            let input = bytes.span.extracting(range)
            // A page is gone before the next one comes; only its values stay, and are paid for.
            guard budget.covers(size) else { throw .tooLarge(limit: MemoryBudget.ofBatch) }
            return try Decompression.bytes(input, format, count: size)
        } catch {
            throw ColumnarFileError("\(error)")
        }
    }

    /// The codecs by their numbers in parquet.thrift; nil is none.
    private static let codecs: [Int: CompressionFormat?] = [0: nil, 1: .snappy, 2: .gzip, 6: .zstd, 7: .lz4Block]
    private static let otherCodecs = [3: "LZO", 4: "Brotli", 5: "LZ4 (Hadoop's)"]

    private static let oldLevels = ColumnarFileError("levels in an encoding that is no longer in use")

    private static func badCount(_ count: Int) -> ColumnarFileError {
        ColumnarFileError("a page of \(count) values, more than its column chunk has")
    }
}

/// The head of a page.
private struct PageHeader {
    enum Kind {
        case data, dictionary, dataV2, other
    }

    var kind = Kind.other
    var uncompressedSize = -1
    var compressedSize = -1
    var valueCount = -1
    var encoding = -1
    var definitionEncoding = 3
    var repetitionEncoding = 3
    var definitionSize = 0
    var repetitionSize = 0
    var isCompressed = true

    init(_ thrift: inout CompactThrift) throws(ColumnarFileError) {
        var last = 0
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 1:
                let number = try thrift.integer(field)
                kind = number == 0 ? .data : number == 2 ? .dictionary : number == 3 ? .dataV2 : .other
            case 2: uncompressedSize = try thrift.integer(field)
            case 3: compressedSize = try thrift.integer(field)
            case 5, 7, 8:
                try thrift.structure(field)
                try readBody(&thrift, isV2: field.id == 8)
            default: try thrift.skip(field)
            }
        }
        guard definitionSize >= 0, repetitionSize >= 0, Int32(exactly: uncompressedSize) != nil,
            Int32(exactly: definitionSize) != nil, Int32(exactly: repetitionSize) != nil
        else { throw ColumnarFileError("the head of a page is damaged") }
    }

    private mutating func readBody(_ thrift: inout CompactThrift, isV2: Bool) throws(ColumnarFileError) {
        var last = 0
        while let field = try thrift.nextField(after: &last) {
            switch (field.id, isV2) {
            case (1, _): valueCount = try thrift.integer(field)
            case (2, false), (4, true): encoding = try thrift.integer(field)
            case (3, false) where field.kind == .int: definitionEncoding = try thrift.integer(field)
            case (4, false) where field.kind == .int: repetitionEncoding = try thrift.integer(field)
            case (5, true): definitionSize = try thrift.integer(field)
            case (6, true): repetitionSize = try thrift.integer(field)
            case (7, true): isCompressed = try thrift.flag(field)
            default: try thrift.skip(field)
            }
        }
    }
}
