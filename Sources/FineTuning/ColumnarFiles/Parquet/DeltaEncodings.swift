/// Integers by their differences.
///
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
enum DeltaEncodings {
    /// The numbers that are written here, at most `limit`; leaves the reader behind them.
    static func integers(_ reader: inout ByteReader, limit: Int) throws(ColumnarFileError) -> [Int64] {
        let blockSize = try reader.variableLengthCount()
        let parts = try reader.variableLengthCount()
        let count = try reader.variableLengthCount()
        var value = try reader.zigzag()
        guard count <= limit, blockSize > 0, blockSize <= 1 << 24, parts > 0, parts <= blockSize,
            blockSize % parts == 0, blockSize / parts % 8 == 0
        else { throw ColumnarFileError("the head of delta-encoded numbers is damaged") }
        guard count > 0 else { return [] }
        let partSize = blockSize / parts
        var numbers = [value]
        numbers.reserveCapacity(count)
        var differences: [UInt64] = []
        while numbers.count < count {
            let least = try reader.zigzag()
            let widths = try reader.take(parts)
            for part in widths where numbers.count < count {
                let width = Int(reader.bytes[part])
                guard width <= 64 else { throw ColumnarFileError("delta-encoded numbers of \(width) bits") }
                let range = try reader.take(partSize * width / 8)
                let needed = min(partSize, count - numbers.count)
                differences.removeAll(keepingCapacity: true)
                if width == 0 {
                    differences.append(contentsOf: repeatElement(0, count: needed))
                } else {
                    BitPacking.unpack(
                        reader.bytes, from: range.lowerBound, width: width, count: needed, into: &differences)
                }
                for difference in differences {
                    value = value &+ least &+ Int64(bitPattern: difference)
                    numbers.append(value)
                }
            }
        }
        return numbers
    }

    /// All lengths, then all bytes.
    static func byteStrings(
        _ reader: inout ByteReader, count: Int, into strings: inout ByteStrings
    ) throws(ColumnarFileError) {
        for length in try integers(&reader, count: count) {
            strings.append(try reader.take(Int(length)), of: reader.bytes)
        }
    }

    /// How much each string shares with the one before, then the rests.
    static func sharedPrefixes(
        _ reader: inout ByteReader, count: Int, into strings: inout ByteStrings, budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        let prefixes = try integers(&reader, count: count)
        var rests = ByteStrings()
        try byteStrings(&reader, count: count, into: &rests)
        for (index, prefix) in prefixes.enumerated() {
            // The first string of a page shares with none.
            guard index > 0 || prefix == 0 else { throw ColumnarFileError("the first text shares with one before") }
            try budget.spend(Int(max(0, prefix)))
            try strings.append(prefix: Int(prefix), rests[index], of: rests.bytes)
        }
    }

    private static func integers(_ reader: inout ByteReader, count: Int) throws(ColumnarFileError) -> [Int64] {
        let numbers = try integers(&reader, limit: count)
        guard numbers.count == count else {
            throw ColumnarFileError("\(numbers.count) delta-encoded numbers instead of \(count)")
        }
        return numbers
    }
}
