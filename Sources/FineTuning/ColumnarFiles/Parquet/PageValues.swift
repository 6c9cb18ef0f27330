/// Decodes the values of pages into one store.
///
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/
struct PageValues {
    enum Encoding: Int {
        case plain = 0
        case plainDictionary = 2
        case runLengths, bitPacked, deltaBinaryPacked, deltaLengthByteArray, deltaByteArray, dictionary
        case byteStreamSplit
    }

    private let leaf: ParquetLeaf
    private(set) var store: ScalarStore

    init(_ leaf: ParquetLeaf) {
        self.leaf = leaf
        store =
            switch leaf.type {
            case .boolean: .booleans([])
            case .int32, .int64, .int96: .integers([])
            case .float, .double: .numbers([])
            case .byteArray, .fixedLengthByteArray: .bytes(ByteStrings())
            }
    }

    /// Bytes of memory that each value takes, beside a string's own.
    private static let valueSize = 8

    /// Appends `count` values.
    mutating func append(
        _ count: Int, _ encoding: Encoding, from reader: inout ByteReader, budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        guard store.count + count < Int(Column.null) else { throw ColumnarFileError("too many values in one chunk") }
        try check(count, encoding, in: reader)
        try budget.spend(count, of: Self.valueSize)
        switch store {
        case .booleans(var values):
            store = .booleans([])  // so that the values are not copied
            try Self.append(count, encoding, from: &reader, to: &values)
            store = .booleans(values)
        case .integers(var values):
            store = .integers([])
            try append(count, encoding, from: &reader, to: &values)
            store = .integers(values)
        case .numbers(var values):
            store = .numbers([])
            try append(count, encoding, from: &reader, to: &values)
            store = .numbers(values)
        case .bytes(var values):
            store = .bytes(ByteStrings())
            try append(count, encoding, from: &reader, to: &values, budget: &budget)
            store = .bytes(values)
        }
    }

    /// Plain values take so much room that there cannot be more of them than fit the page.
    private func check(_ count: Int, _ encoding: Encoding, in reader: ByteReader) throws(ColumnarFileError) {
        guard encoding == .plain || encoding == .byteStreamSplit else { return }
        let isEnough =
            leaf.type == .boolean ? count <= reader.remaining * 8 : count <= reader.remaining / leaf.plainSize
        guard isEnough else {
            throw ColumnarFileError("a page announces \(count) values, but holds \(reader.remaining) bytes")
        }
    }

    private func unsupported(_ encoding: Encoding) -> ColumnarFileError {
        ColumnarFileError("the encoding \(encoding) is not read for values of this type (\(leaf.type))")
    }

    // MARK: - By type

    private static func append(
        _ count: Int, _ encoding: Encoding, from reader: inout ByteReader, to values: inout [Bool]
    ) throws(ColumnarFileError) {
        var bits: [UInt8] = []
        switch encoding {
        case .plain:
            let range = try reader.take((count + 7) / 8)
            BitPacking.unpack(reader.bytes, from: range.lowerBound, width: 1, count: count, into: &bits)
        case .runLengths:
            let size: UInt32 = try reader.littleEndian()
            var runs = ByteReader(reader.bytes, try reader.take(Int(size)))
            try RunLengths.decode(&runs, width: 1, count: count, into: &bits)
        default:
            throw ColumnarFileError("the encoding \(encoding) is not read for truth values")
        }
        values.append(contentsOf: bits.lazy.map { $0 != 0 })
    }

    private func append(
        _ count: Int, _ encoding: Encoding, from reader: inout ByteReader, to values: inout [Int64]
    ) throws(ColumnarFileError) {
        let isNarrow = leaf.type == .int32
        let isUnsigned = leaf.kind == .unsigned
        func widened(_ value: Int64) -> Int64 {
            guard isNarrow else { return value }
            return isUnsigned ? Int64(UInt32(truncatingIfNeeded: value)) : Int64(Int32(truncatingIfNeeded: value))
        }
        switch encoding {
        case .plain where leaf.type == .int96:
            for _ in 0..<count {
                // Nanoseconds of the day, and the Julian day.
                let nanoseconds: Int64 = try reader.littleEndian()
                let day = Int64(try reader.littleEndian(UInt32.self)) - 2_440_588
                values.append(day &* 86_400_000_000 &+ nanoseconds / 1000)
            }
        case .plain where isNarrow:
            for _ in 0..<count { values.append(widened(Int64(try reader.littleEndian(Int32.self)))) }
        case .plain:
            for _ in 0..<count { values.append(try reader.littleEndian()) }
        case .deltaBinaryPacked where leaf.type != .int96:
            let numbers = try DeltaEncodings.integers(&reader, limit: count)
            guard numbers.count == count else {
                throw ColumnarFileError("\(numbers.count) delta-encoded numbers instead of \(count)")
            }
            values.append(contentsOf: numbers.lazy.map(widened))
        case .byteStreamSplit where isNarrow:
            try split(count, from: &reader) { values.append(widened(Int64(truncatingIfNeeded: $0))) }
        case .byteStreamSplit where leaf.type == .int64:
            try split(count, from: &reader) { values.append(Int64(bitPattern: $0)) }
        default: throw unsupported(encoding)
        }
    }

    private func append(
        _ count: Int, _ encoding: Encoding, from reader: inout ByteReader, to values: inout [Double]
    ) throws(ColumnarFileError) {
        switch encoding {
        case .plain where leaf.type == .float:
            for _ in 0..<count { values.append(Double(Float(bitPattern: try reader.littleEndian()))) }
        case .plain:
            for _ in 0..<count { values.append(Double(bitPattern: try reader.littleEndian())) }
        case .byteStreamSplit where leaf.type == .float:
            try split(count, from: &reader) {
                values.append(Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))))
            }
        case .byteStreamSplit:
            try split(count, from: &reader) { values.append(Double(bitPattern: $0)) }
        default: throw unsupported(encoding)
        }
    }

    private func append(
        _ count: Int, _ encoding: Encoding, from reader: inout ByteReader, to values: inout ByteStrings,
        budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        try budget.spend(reader.remaining)
        switch (leaf.type, encoding) {
        case (.byteArray, .plain):
            for _ in 0..<count {
                let length: UInt32 = try reader.littleEndian()
                values.append(try reader.take(Int(length)), of: reader.bytes)
            }
        case (_, .plain):
            for _ in 0..<count { values.append(try reader.take(leaf.length), of: reader.bytes) }
        case (.byteArray, .deltaLengthByteArray):
            try DeltaEncodings.byteStrings(&reader, count: count, into: &values)
        case (_, .deltaByteArray):
            try DeltaEncodings.sharedPrefixes(&reader, count: count, into: &values, budget: &budget)
        case (.fixedLengthByteArray, .byteStreamSplit):
            let start = try reader.take(count * leaf.length).lowerBound
            for index in 0..<count {
                let value = (0..<leaf.length).map { reader.bytes[start + $0 * count + index] }
                values.append(0..<leaf.length, of: value)
            }
        default: throw unsupported(encoding)
        }
    }

    /// All first bytes, then all second bytes, and so on.
    private func split(
        _ count: Int, from reader: inout ByteReader, receive: (UInt64) -> Void
    ) throws(ColumnarFileError) {
        let size = leaf.plainSize
        let start = try reader.take(count * size).lowerBound
        for index in 0..<count {
            var value: UInt64 = 0
            for byte in 0..<size { value |= UInt64(reader.bytes[start + byte * count + index]) << UInt64(8 * byte) }
            receive(value)
        }
    }
}

extension ParquetLeaf {
    /// The least number of bytes that a plain value takes; truth values take a bit.
    fileprivate var plainSize: Int {
        switch type {
        case .boolean: 1
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96: 12
        case .byteArray: 4
        case .fixedLengthByteArray: length
        }
    }
}
