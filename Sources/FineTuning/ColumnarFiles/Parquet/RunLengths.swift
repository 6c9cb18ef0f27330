/// The hybrid of run lengths and bit packing, in which levels, dictionary positions and truth values are written.
///
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
enum RunLengths {
    /// Appends `count` numbers of `width` bits.
    ///
    /// - Precondition: `width` is at most 32, and `Number` has so many bits.
    static func decode<Number: FixedWidthInteger & UnsignedInteger>(
        _ reader: inout ByteReader, width: Int, count: Int, into numbers: inout [Number]
    ) throws(ColumnarFileError) {
        let end = numbers.count + count
        if width == 0 {
            // Nothing is written but the runs' lengths, which say nothing new.
            numbers.append(contentsOf: repeatElement(0, count: count))
            return
        }
        while numbers.count < end {
            let head = try reader.variableLengthCount()
            let left = end - numbers.count
            if head & 1 == 0 {
                var value: UInt32 = 0
                for byte in 0..<(width + 7) / 8 { value |= UInt32(try reader.byte()) << UInt32(8 * byte) }
                numbers.append(
                    contentsOf: repeatElement(Number(truncatingIfNeeded: value), count: min(head >> 1, left)))
            } else {
                // Groups of eight numbers; the last one may be cut off behind what is needed.
                let groups = min(head >> 1, reader.remaining / width + 1)
                let needed = min(groups * 8, left)
                let range = try reader.take(max((needed * width + 7) / 8, min(groups * width, reader.remaining)))
                BitPacking.unpack(reader.bytes, from: range.lowerBound, width: width, count: needed, into: &numbers)
            }
        }
    }
}

/// Numbers of equal width without gaps, the lowest bits first.
enum BitPacking {
    /// - Precondition: the bits of `count` numbers lie within `bytes`; `width` is between 1 and 64.
    static func unpack<Number: FixedWidthInteger & UnsignedInteger>(
        _ bytes: [UInt8], from start: Int, width: Int, count: Int, into numbers: inout [Number]
    ) {
        var position = start
        var held: UInt64 = 0
        var heldBits = 0
        if width <= 56 {
            let mask: UInt64 = (1 << UInt64(width)) - 1
            for _ in 0..<count {
                while heldBits < width {
                    held |= UInt64(bytes[position]) << UInt64(heldBits)
                    position += 1
                    heldBits += 8
                }
                numbers.append(Number(truncatingIfNeeded: held & mask))
                held >>= UInt64(width)
                heldBits -= width
            }
        } else {
            // The accumulator would overflow: bit by bit, which only wild differences need.
            for index in 0..<count {
                var value: UInt64 = 0
                for bit in 0..<width {
                    let place = index * width + bit
                    value |= UInt64(bytes[start + place / 8] >> UInt8(place % 8) & 1) << UInt64(bit)
                }
                numbers.append(Number(truncatingIfNeeded: value))
            }
        }
    }
}
