/// A table of a FlatBuffer, the form of Arrow's metadata. Every offset is checked against the buffer.
///
/// https://flatbuffers.dev/internals/
struct FlatTable {
    private let bytes: [UInt8]
    private let position: Int
    private let entries: Range<Int>

    private static let damaged = ColumnarFileError("its metadata is damaged")

    /// The root of a buffer.
    init(root bytes: [UInt8]) throws(ColumnarFileError) {
        guard bytes.count >= 4 else { throw Self.damaged }
        try self.init(bytes, at: Int(bytes.littleEndian(at: 0) as UInt32))
    }

    private init(_ bytes: [UInt8], at position: Int) throws(ColumnarFileError) {
        self.bytes = bytes
        self.position = position
        guard position >= 0, position + 4 <= bytes.count else { throw Self.damaged }
        let table = position - Int(bytes.littleEndian(at: position) as Int32)
        guard table >= 0, table + 4 <= bytes.count else { throw Self.damaged }
        let size = Int(bytes.littleEndian(at: table) as UInt16)
        guard size >= 4, table + size <= bytes.count else { throw Self.damaged }
        entries = table + 4..<table + size
    }

    /// Where a field lies; nil when it has its default value.
    private func place(of field: Int, size: Int) throws(ColumnarFileError) -> Int? {
        let entry = entries.lowerBound + 2 * field
        guard entry + 2 <= entries.upperBound else { return nil }
        let offset = Int(bytes.littleEndian(at: entry) as UInt16)
        guard offset > 0 else { return nil }
        guard position + offset + size <= bytes.count else { throw Self.damaged }
        return position + offset
    }

    /// What a field points to; nil when it is absent.
    private func target(of field: Int) throws(ColumnarFileError) -> Int? {
        guard let place = try place(of: field, size: 4) else { return nil }
        let target = place + Int(bytes.littleEndian(at: place) as UInt32)
        guard target + 4 <= bytes.count else { throw Self.damaged }
        return target
    }

    func number<Number: FixedWidthInteger>(
        _ field: Int, default value: Number = 0
    ) throws(ColumnarFileError) -> Number {
        guard let place = try place(of: field, size: Number.bitWidth / 8) else { return value }
        return bytes.littleEndian(at: place)
    }

    func flag(_ field: Int) throws(ColumnarFileError) -> Bool { try number(field) as UInt8 != 0 }

    func table(_ field: Int) throws(ColumnarFileError) -> FlatTable? {
        guard let target = try target(of: field) else { return nil }
        return try FlatTable(bytes, at: target)
    }

    func text(_ field: Int) throws(ColumnarFileError) -> String? {
        guard let range = try vector(field, size: 1) else { return nil }
        return String(decoding: bytes[range.start..<range.start + range.count], as: UTF8.self)
    }

    /// The tables of a vector.
    func tables(_ field: Int) throws(ColumnarFileError) -> [FlatTable] {
        guard let vector = try vector(field, size: 4) else { return [] }
        var tables: [FlatTable] = []
        for index in 0..<vector.count {
            let place = vector.start + 4 * index
            tables.append(try FlatTable(bytes, at: place + Int(bytes.littleEndian(at: place) as UInt32)))
        }
        return tables
    }

    /// A vector of numbers, or of structures made of `width` equal numbers; these one behind the other.
    func numbers<Number: FixedWidthInteger>(
        _ field: Int, width: Int = 1, of type: Number.Type = Number.self
    ) throws(ColumnarFileError) -> [Number] {
        guard let vector = try vector(field, size: width * Number.bitWidth / 8) else { return [] }
        return (0..<vector.count * width).map { bytes.littleEndian(at: vector.start + $0 * Number.bitWidth / 8) }
    }

    private func vector(_ field: Int, size: Int) throws(ColumnarFileError) -> (start: Int, count: Int)? {
        guard let target = try target(of: field) else { return nil }
        let count = Int(bytes.littleEndian(at: target) as UInt32)
        guard count <= (bytes.count - target - 4) / size else { throw Self.damaged }
        return (target + 4, count)
    }
}
