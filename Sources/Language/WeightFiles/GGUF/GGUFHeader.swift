/// What stands before the tensors of a GGUF file; every length in it is distrusted.
///
/// The format is that of ggml's `docs/gguf.md`: metadata, then names, shapes, types and places of tensors.
struct GGUFHeader {
    let metadata: [String: GGUFValue]
    let records: [GGUFRecord]
    /// Where the header ends and the tensors begin.
    let dataStart: Int

    static let magic = Array("GGUF".utf8)
    static let version: UInt32 = 3
    static let defaultAlignment = 32
    private static let keyLimit = 1 << 16
    private static let tensorLimit = 1 << 20

    init(parsing bytes: UnsafeRawBufferPointer, file: String) throws(GGUFError) {
        var cursor = GGUFCursor(bytes: bytes, file: file)
        guard bytes.count >= 4, bytes.prefix(4).elementsEqual(Self.magic) else { throw GGUFError(file, .notGGUF) }
        cursor.position = 4
        let version: UInt32 = try cursor.number("the version")
        guard version.byteSwapped != Self.version else { throw GGUFError(file, .bigEndian) }
        guard version == 2 || version == Self.version else { throw GGUFError(file, .unsupportedVersion(version)) }
        let tensorCount = try cursor.count("tensors", limit: Self.tensorLimit)
        let keyCount = try cursor.count("keys", limit: Self.keyLimit)
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<keyCount {
            let key = try cursor.text("a key")
            guard metadata.updateValue(try cursor.value(of: key), forKey: key) == nil else {
                throw GGUFError(file, .duplicate(what: "keys", name: key))
            }
        }
        self.metadata = metadata
        let alignment = metadata["general.alignment"].map { $0.integer ?? 0 } ?? Self.defaultAlignment
        guard alignment > 0, alignment <= 1 << 16, alignment & (alignment - 1) == 0 else {
            throw GGUFError(file, .badAlignment(alignment))
        }
        var records: [GGUFRecord] = []
        for _ in 0..<tensorCount { records.append(try cursor.record(alignment: alignment)) }
        dataStart = tensorCount == 0 ? cursor.position : Self.aligned(cursor.position, alignment)
        try Self.check(records, dataBytes: max(0, bytes.count - dataStart), file: file)
        self.records = records
    }

    static func aligned(_ position: Int, _ alignment: Int) -> Int { (position + alignment - 1) / alignment * alignment }

    private static func check(_ records: [GGUFRecord], dataBytes: Int, file: String) throws(GGUFError) {
        var names: Set<String> = []
        for record in records where !names.insert(record.name).inserted {
            throw GGUFError(file, .duplicate(what: "tensors", name: record.name))
        }
        var last: GGUFRecord?
        for record in records.sorted(by: { $0.byteRange.lowerBound < $1.byteRange.lowerBound }) {
            guard record.byteRange.upperBound <= dataBytes else {
                throw GGUFError(
                    file, .beyondEnd(tensor: record.name, end: record.byteRange.upperBound, dataBytes: dataBytes))
            }
            if let last, last.byteRange.upperBound > record.byteRange.lowerBound {
                throw GGUFError(file, .overlap(tensor: record.name, other: last.name))
            }
            last = record
        }
    }
}

/// Name, type, shape and place of a tensor.
package struct GGUFRecord: Equatable, Sendable {
    package var name: String
    package var type: GGUFTensorType
    /// As everywhere else, the last dimension being that of neighbours; files hold them the other way round.
    package var shape: [Int]
    /// Of the data behind the header.
    var byteRange: Range<Int>
}

/// Reads a header's parts one after the other and never past the end.
private struct GGUFCursor {
    let bytes: UnsafeRawBufferPointer
    let file: String
    var position = 0

    init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func take(_ count: Int, _ what: String) throws(GGUFError) -> Int {
        guard count <= bytes.count - position else {
            throw GGUFError(
                file, .endsEarly(reading: what, at: position, needed: count, fileBytes: bytes.count))
        }
        defer { position += count }
        return position
    }

    mutating func number<Number: FixedWidthInteger>(_ what: String) throws(GGUFError) -> Number {
        let start = try take(MemoryLayout<Number>.size, what)
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
    }

    mutating func count(_ what: String, limit: Int) throws(GGUFError) -> Int {
        let count: UInt64 = try number("the number of \(what)")
        guard count <= UInt64(limit) else { throw GGUFError(file, .tooMany(what: what, count: count, limit: limit)) }
        return Int(count)
    }

    /// A number of things that need at least `size` bytes each, so that no more is set aside than the file could hold.
    private mutating func length(_ what: String, size: Int) throws(GGUFError) -> Int {
        let count: UInt64 = try number(what)
        let rest = (bytes.count - position) / size
        guard count <= UInt64(rest) else {
            throw GGUFError(
                file,
                .endsEarly(
                    reading: what, at: position,
                    needed: Int(
                        clamping: count.multipliedReportingOverflow(
                            by: UInt64(size)
                        ).partialValue), fileBytes: bytes.count))
        }
        return Int(count)
    }

    mutating func text(_ key: String) throws(GGUFError) -> String {
        let count = try length("the length of \(key)", size: 1)
        let start = try take(count, key)
        guard let text = String(validating: bytes[start..<start + count], as: UTF8.self) else {
            throw GGUFError(file, .notText(key: key))
        }
        return text
    }

    private mutating func type(of key: String) throws(GGUFError) -> GGUFValueType {
        let number: UInt32 = try number("the type of '\(key)'")
        guard let type = GGUFValueType(rawValue: number) else {
            throw GGUFError(file, .unknownValueType(key: key, type: number))
        }
        return type
    }

    mutating func value(of key: String) throws(GGUFError) -> GGUFValue {
        let type = try type(of: key)
        return type == .array ? try list(key) : try single(type, key)
    }

    private mutating func single(_ type: GGUFValueType, _ key: String) throws(GGUFError) -> GGUFValue {
        switch type {
        case .uint32: .unsigned(try number(key))
        case .float32: .float(Float(bitPattern: try number(key)))
        case .float64: .double(Double(bitPattern: try number(key)))
        case .bool: .flag(try number(key) as UInt8 != 0)
        case .string: .text(try text(key))
        default: .wide(try wide(type, key))
        }
    }

    private mutating func wide(_ type: GGUFValueType, _ key: String) throws(GGUFError) -> Int64 {
        switch type {
        case .uint8: Int64(try number(key) as UInt8)
        case .int8: Int64(try number(key) as Int8)
        case .uint16: Int64(try number(key) as UInt16)
        case .int16: Int64(try number(key) as Int16)
        case .uint32: Int64(try number(key) as UInt32)
        case .int32: Int64(try number(key) as Int32)
        case .uint64: Int64(clamping: try number(key) as UInt64)
        default: try number(key)
        }
    }

    private mutating func list(_ key: String) throws(GGUFError) -> GGUFValue {
        let type = try type(of: key)
        guard type != .array else {
            throw GGUFError(file, .wrongValue(key: key, expected: "a list of values, found a list of lists"))
        }
        let count = try length("the length of '\(key)'", size: type.leastByteCount)
        switch type {
        case .string:
            var texts: [String] = []
            texts.reserveCapacity(count)
            for _ in 0..<count { texts.append(try text(key)) }
            return .texts(texts)
        case .float32:
            var floats: [Float] = []
            floats.reserveCapacity(count)
            for _ in 0..<count { floats.append(Float(bitPattern: try number(key))) }
            return .floats(floats)
        case .int32:
            var integers: [Int32] = []
            integers.reserveCapacity(count)
            for _ in 0..<count { integers.append(try number(key)) }
            return .integers(integers)
        case .float64:
            var numbers: [Double] = []
            for _ in 0..<count { numbers.append(Double(bitPattern: try number(key))) }
            return .doubles(numbers)
        case .bool:
            var flags: [Bool] = []
            for _ in 0..<count { flags.append(try number(key) as UInt8 != 0) }
            return .flags(flags)
        default:
            var integers: [Int64] = []
            integers.reserveCapacity(count)
            for _ in 0..<count { integers.append(try wide(type, key)) }
            return .wideList(integers)
        }
    }

    mutating func record(alignment: Int) throws(GGUFError) -> GGUFRecord {
        let name = try text("the name of a tensor")
        let dimensions: UInt32 = try number("the dimensions of '\(name)'")
        guard dimensions <= 4 else { throw GGUFError(file, .badShape(tensor: name)) }
        var shape: [Int] = []
        var elements = 1
        for _ in 0..<dimensions {
            let size: UInt64 = try number("the shape of '\(name)'")
            let (product, overflow) = elements.multipliedReportingOverflow(by: Int(clamping: max(size, 1)))
            guard size < UInt64(Int.max), !overflow, product < Int.max / 64 else {
                throw GGUFError(file, .badShape(tensor: name))
            }
            elements = product
            shape.insert(Int(size), at: 0)
        }
        let number: UInt32 = try number("the type of '\(name)'")
        guard let type = GGUFTensorType(rawValue: number) else {
            throw GGUFError(file, .unsupportedType(tensor: name, type: number))
        }
        let columns = shape.last ?? 1
        guard columns.isMultiple(of: type.blockCount) else {
            throw GGUFError(file, .raggedRows(tensor: name, columns: columns, block: type.blockCount))
        }
        let offset: UInt64 = try self.number("the place of '\(name)'")
        guard offset.isMultiple(of: UInt64(alignment)) else {
            throw GGUFError(file, .misaligned(tensor: name, offset: offset, alignment: alignment))
        }
        let count = type.byteCount(shape.contains(0) ? 0 : elements)
        guard offset <= UInt64(Int.max - count) else {
            throw GGUFError(file, .beyondEnd(tensor: name, end: Int.max, dataBytes: bytes.count))
        }
        return GGUFRecord(name: name, type: type, shape: shape, byteRange: Int(offset)..<Int(offset) + count)
    }
}
