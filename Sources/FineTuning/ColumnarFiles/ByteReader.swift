/// Reads forward through bytes from outside; what is not there is an error.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8]) {
        self.init(bytes, 0..<bytes.count)
    }

    /// - Precondition: `range` lies within `bytes`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }

    private static let tooShort = ColumnarFileError("the data ends too early")

    mutating func byte() throws(ColumnarFileError) -> UInt8 {
        guard position < end else { throw Self.tooShort }
        position += 1
        return bytes[position - 1]
    }

    /// The range of the next `count` bytes, which are skipped.
    mutating func take(_ count: Int) throws(ColumnarFileError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw Self.tooShort }
        position += count
        return position - count..<position
    }

    /// Everything that is left.
    mutating func takeRest() -> Range<Int> {
        let range = position..<end
        position = end
        return range
    }

    mutating func littleEndian<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(ColumnarFileError) -> Number {
        let range = try take(Number.bitWidth / 8)
        return bytes.littleEndian(at: range.lowerBound)
    }

    /// A number in groups of seven bits, the lowest first (unsigned LEB128).
    mutating func variableLength() throws(ColumnarFileError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
            guard shift < 64 else { throw ColumnarFileError("a number has more than 64 bits") }
        }
    }

    /// A signed number whose sign is its lowest bit.
    mutating func zigzag() throws(ColumnarFileError) -> Int64 {
        let value = try variableLength()
        return Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
    }

    /// A length or count.
    mutating func variableLengthCount() throws(ColumnarFileError) -> Int {
        guard let count = Int(exactly: try variableLength()) else {
            throw ColumnarFileError("a length is out of all bounds")
        }
        return count
    }
}

extension [UInt8] {
    /// - Precondition: the number's bytes lie within the array.
    func littleEndian<Number: FixedWidthInteger>(at offset: Int) -> Number {
        let size = Number.bitWidth / 8
        var value: Number = 0
        for index in 0..<size { value |= Number(truncatingIfNeeded: self[offset + index]) << Number(8 * index) }
        return value
    }
}

/// The memory that decoding one batch may take; what a file announces is paid before it is allocated.
struct MemoryBudget {
    /// Bytes of one batch; its writer can make smaller ones.
    static let ofBatch = 4 << 30

    private var remaining = ofBatch

    mutating func spend(_ bytes: Int) throws(ColumnarFileError) {
        guard bytes >= 0, bytes <= remaining else {
            throw ColumnarFileError(
                "it would take more than \(Self.ofBatch >> 30) GiB of memory; write the file in smaller groups of rows")
        }
        remaining -= bytes
    }

    func covers(_ bytes: Int) -> Bool { bytes <= remaining }

    /// Pays for `count` values of `size` bytes.
    mutating func spend(_ count: Int, of size: Int) throws(ColumnarFileError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
        try spend(overflow ? .max : bytes)
    }
}

/// The memory that one row may take: dictionaries let a few bytes of a file stand for any number of long texts.
struct RowBudget {
    private static let ofRow = 256 << 20
    /// A value of JSON.
    private static let ofValue = 32

    private var remaining = ofRow

    mutating func spend(_ bytes: Int) throws(ColumnarFileError) {
        guard bytes <= remaining else {
            throw ColumnarFileError("the row takes more than \(Self.ofRow >> 20) MiB of memory; divide it")
        }
        remaining -= bytes
    }

    mutating func spendValue() throws(ColumnarFileError) { try spend(Self.ofValue) }

    /// Whether there is room for `count` more values, which are paid for one by one.
    mutating func cover(_ count: Int) throws(ColumnarFileError) {
        guard count <= remaining / Self.ofValue else { return try spend(.max) }
    }
}
