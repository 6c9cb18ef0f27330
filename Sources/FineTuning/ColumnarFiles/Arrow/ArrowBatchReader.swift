import Compression
import FoundationEssentials

/// Decodes the columns of one record batch, whose nodes and buffers lie in the order of the schema's fields.
struct ArrowBatchReader {
    private let body: Data
    private let codec: CompressionFormat?
    /// Length and number of nulls of each field.
    private let nodes: [Int64]
    /// Offset and length of each buffer.
    private let buffers: [Int64]
    private let viewBuffers: [Int64]
    private let dictionaries: [Int64: Column]
    private var (node, buffer, view) = (0, 0, 0)

    init(_ header: FlatTable, body: Data, _ dictionaries: [Int64: Column]) throws(ColumnarFileError) {
        self.body = body
        self.dictionaries = dictionaries
        nodes = try header.numbers(1, width: 2)
        buffers = try header.numbers(2, width: 2)
        viewBuffers = try header.numbers(4)
        guard let compression = try header.table(3) else {
            codec = nil
            return
        }
        switch try compression.number(0) as UInt8 {
        case 0: codec = .lz4Frame
        case 1: codec = .zstd
        case let number: throw ColumnarFileError("compressed by a codec that is not known (\(number))")
        }
    }

    // MARK: Columns

    mutating func column(of field: ArrowField, _ budget: inout MemoryBudget) throws(ColumnarFileError) -> Column {
        do throws(ColumnarFileError) {
            return try columnUnnamed(field, &budget)
        } catch {
            throw error.inColumn(field.name)
        }
    }

    private mutating func columnUnnamed(
        _ field: ArrowField, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        guard 2 * node + 1 < nodes.count else { throw ColumnarFileError("the batch has fewer columns than its schema") }
        guard let count = Int(exactly: nodes[2 * node]), count >= 0, count < Int(Column.null) else {
            throw ColumnarFileError("\(nodes[2 * node]) values")
        }
        node += 1
        if let dictionary = field.dictionary {
            let isNull = try validity(count, &budget)
            let positions = try integers(count, bits: dictionary.bits, isSigned: dictionary.isSigned, &budget)
            guard let values = dictionaries[dictionary.id] else { throw ColumnarFileError("its dictionary is missing") }
            return try Self.taken(positions, isNull, from: values, &budget)
        }
        if field.kind.takesNoBytes { try Self.check(withoutBytes: count) }
        if case .null = field.kind { return .nulls(count: count) }
        let isNull = try validity(count, &budget)
        switch field.kind {
        case .null: return .nulls(count: count)
        case .boolean:
            let bits = try bytes(&budget)
            guard count <= 8 * bits.count else { throw Self.tooShort }
            try budget.spend(count)
            let values = (0..<count).map { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
            return try Self.masked(.scalars(.booleans(values), .boolean), isNull, &budget)
        case .integer(let bits, let isSigned):
            let values = try integers(count, bits: bits, isSigned: isSigned, &budget)
            return try Self.masked(.scalars(.integers(values), isSigned ? .integer : .unsigned), isNull, &budget)
        case .number(let bits): return try Self.masked(try numbers(count, bits: bits, &budget), isNull, &budget)
        case .strings(let kind, let isLarge):
            return try Self.masked(
                .scalars(.bytes(try strings(count, isLarge: isLarge, &budget)), kind), isNull, &budget)
        case .views(let kind):
            return try Self.masked(.scalars(.bytes(try views(count, isNull, &budget)), kind), isNull, &budget)
        case .fixedBytes(let size):
            return try Self.masked(.scalars(.bytes(try pieces(count, size: size, &budget)), .bytes), isNull, &budget)
        case .decimal(let size, let scale):
            let values = try pieces(count, size: size, isReversed: true, &budget)
            return try Self.masked(.scalars(.bytes(values), .decimal(scale: scale)), isNull, &budget)
        case .date(let isMilliseconds):
            var values = try integers(count, bits: isMilliseconds ? 64 : 32, isSigned: true, &budget)
            if isMilliseconds {
                values = values.map { $0 / 86_400_000 - ($0 % 86_400_000 < 0 ? 1 : 0) }
            }
            return try Self.masked(.scalars(.integers(values), .date), isNull, &budget)
        case .time(let unit, let bits):
            let values = try integers(count, bits: bits, isSigned: true, &budget)
            return try Self.masked(.scalars(.integers(values), .time(unit)), isNull, &budget)
        case .timestamp(let unit, let hasZone):
            let values = try integers(count, bits: 64, isSigned: true, &budget)
            return try Self.masked(
                .scalars(.integers(values), .timestamp(unit, isUTC: hasZone)), isNull, &budget)
        case .list(let isLarge):
            let offsets = try offsets(count, isLarge: isLarge, &budget)
            let elements = try column(of: field.children[0], &budget)
            return try Self.lists(offsets, isNull, elements)
        case .map:
            let offsets = try offsets(count, isLarge: false, &budget)
            let entries = try column(of: field.children[0], &budget)
            guard case .structures(_, nil, let parts) = entries, parts.count == 2 else {
                throw ColumnarFileError("an entry of a map is null")
            }
            return try Self.lists(offsets, isNull, .pairs(keys: parts[0].column, values: parts[1].column))
        case .fixedList(let size):
            let elements = try column(of: field.children[0], &budget)
            let (needed, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, needed <= elements.count else { throw Self.tooShort }
            try budget.spend(count + 1, of: 8)
            return .lists(offsets: (0...count).map { $0 * size }, isNull: isNull, elements: elements)
        case .structure:
            var fields: [NamedColumn] = []
            for child in field.children {
                let part = try column(of: child, &budget)
                guard part.count >= count else { throw Self.tooShort.inColumn(child.name) }
                fields.append(NamedColumn(name: child.name, column: part))
            }
            return .structures(count: count, isNull: isNull, fields: fields)
        }
    }

    private static let tooShort = ColumnarFileError("its data ends too early")

    /// Values that take no bytes of the file are limited by their number.
    private static func check(withoutBytes count: Int) throws(ColumnarFileError) {
        guard count <= 1 << 24 else {
            throw ColumnarFileError("\(count) empty values in one batch; write it in smaller ones")
        }
    }

    private static func masked(
        _ column: Column, _ isNull: [Bool]?, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        guard let isNull else { return column }
        try budget.spend(isNull.count, of: 4)
        return .taken(
            positions: isNull.enumerated().map { $1 ? Column.null : UInt32(truncatingIfNeeded: $0) }, from: column)
    }

    private static func taken(
        _ positions: [Int64], _ isNull: [Bool]?, from values: Column, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        try budget.spend(positions.count, of: 4)
        var taken: [UInt32] = []
        taken.reserveCapacity(positions.count)
        for (index, position) in positions.enumerated() {
            if isNull?[index] == true {
                taken.append(Column.null)
                continue
            }
            guard position >= 0, position < min(values.count, Int(Column.null)) else {
                throw ColumnarFileError("position \(position) in a dictionary of \(values.count) values")
            }
            taken.append(UInt32(position))
        }
        return .taken(positions: taken, from: values)
    }

    private static func lists(
        _ offsets: [Int], _ isNull: [Bool]?, _ elements: Column
    ) throws(ColumnarFileError) -> Column {
        guard offsets.last ?? 0 <= elements.count else { throw tooShort }
        return .lists(offsets: offsets, isNull: isNull, elements: elements)
    }

    // MARK: Buffers

    /// The next buffer, decompressed.
    private mutating func bytes(_ budget: inout MemoryBudget) throws(ColumnarFileError) -> [UInt8] {
        guard 2 * buffer + 1 < buffers.count else { throw ColumnarFileError("the batch has too few buffers") }
        let (offset, length) = (buffers[2 * buffer], buffers[2 * buffer + 1])
        buffer += 1
        guard offset >= 0, length >= 0, length <= body.count, offset <= Int64(body.count) - length else {
            throw ColumnarFileError("it lies outside of its batch")
        }
        if length == 0 { return [] }
        let start = body.startIndex + Int(offset)
        let stored = body[start..<start + Int(length)]
        guard let codec else {
            try budget.spend(Int(length))
            return [UInt8](stored)
        }
        guard length >= 8 else { throw Self.tooShort }
        let size = [UInt8](stored.prefix(8)).littleEndian(at: 0) as Int64
        let content = [UInt8](stored.dropFirst(8))
        if size == -1 {
            try budget.spend(content.count)
            return content
        }
        guard let count = Int(exactly: size), count >= 0 else { throw ColumnarFileError("a buffer of \(size) bytes") }
        try budget.spend(count)
        do throws(CompressionError) {
            return try Decompression.bytes(content.span, codec, count: count)
        } catch {
            throw ColumnarFileError("\(error)")
        }
    }

    /// Which values are null; nil when none is.
    private mutating func validity(
        _ count: Int, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> [Bool]? {
        let nulls = nodes[2 * (node - 1) + 1]
        let bits = try bytes(&budget)
        if nulls == 0 || bits.isEmpty { return nil }
        guard count <= 8 * bits.count else { throw Self.tooShort }
        try budget.spend(count)
        return (0..<count).map { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 0 }
    }

    private mutating func integers(
        _ count: Int, bits: Int, isSigned: Bool, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> [Int64] {
        let bytes = try bytes(&budget)
        guard count <= bytes.count / (bits / 8) else { throw Self.tooShort }
        try budget.spend(count, of: 8)
        func all<Number: FixedWidthInteger>(_: Number.Type) -> [Int64] {
            (0..<count).map { Int64(truncatingIfNeeded: bytes.littleEndian(at: $0 * (bits / 8)) as Number) }
        }
        switch (bits, isSigned) {
        case (8, true): return all(Int8.self)
        case (8, false): return all(UInt8.self)
        case (16, true): return all(Int16.self)
        case (16, false): return all(UInt16.self)
        case (32, true): return all(Int32.self)
        case (32, false): return all(UInt32.self)
        default: return all(Int64.self)
        }
    }

    private mutating func numbers(
        _ count: Int, bits: Int, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        if bits == 16 { return .scalars(.bytes(try pieces(count, size: 2, &budget)), .half) }
        let bytes = try bytes(&budget)
        guard count <= bytes.count / (bits / 8) else { throw Self.tooShort }
        try budget.spend(count, of: 8)
        let values =
            bits == 32
            ? (0..<count).map { Double(Float(bitPattern: bytes.littleEndian(at: 4 * $0))) }
            : (0..<count).map { Double(bitPattern: bytes.littleEndian(at: 8 * $0)) }
        return .scalars(.numbers(values), .number)
    }

    /// `count + 1` borders that never go back.
    private mutating func offsets(
        _ count: Int, isLarge: Bool, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> [Int] {
        let size = isLarge ? 8 : 4
        let bytes = try bytes(&budget)
        // Where there are no values, the one border may be missing.
        if count == 0, bytes.count < size { return [0] }
        guard count < bytes.count / size else { throw Self.tooShort }
        try budget.spend(count + 1, of: 8)
        var offsets: [Int] = []
        offsets.reserveCapacity(count + 1)
        for index in 0...count {
            let value =
                isLarge
                ? bytes.littleEndian(at: 8 * index) as Int64 : Int64(bytes.littleEndian(at: 4 * index) as Int32)
            guard value >= Int64(offsets.last ?? 0) else { throw ColumnarFileError("its offsets go back") }
            offsets.append(Int(value))
        }
        return offsets
    }

    private mutating func strings(
        _ count: Int, isLarge: Bool, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> ByteStrings {
        let offsets = try offsets(count, isLarge: isLarge, &budget)
        let bytes = try bytes(&budget)
        guard offsets.last ?? 0 <= bytes.count else { throw Self.tooShort }
        try budget.spend(bytes.count)
        try budget.spend(count, of: 8)
        var strings = ByteStrings()
        for index in 0..<count { strings.append(offsets[index]..<offsets[index + 1], of: bytes) }
        return strings
    }

    /// Values of `size` bytes each.
    private mutating func pieces(
        _ count: Int, size: Int, isReversed: Bool = false, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> ByteStrings {
        let bytes = try bytes(&budget)
        let (needed, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, needed <= bytes.count else { throw Self.tooShort }
        try budget.spend(bytes.count)
        try budget.spend(count, of: 8)
        var pieces = ByteStrings()
        for index in 0..<count {
            let range = index * size..<(index + 1) * size
            if isReversed {
                pieces.append(0..<size, of: bytes[range].reversed())
            } else {
                pieces.append(range, of: bytes)
            }
        }
        return pieces
    }

    /// Texts of up to twelve bytes lie in their view; of longer ones it says in which buffer they lie, and where.
    private mutating func views(
        _ count: Int, _ isNull: [Bool]?, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> ByteStrings {
        let views = try bytes(&budget)
        guard count <= views.count / 16 else { throw Self.tooShort }
        guard view < viewBuffers.count, let number = Int(exactly: viewBuffers[view]), number >= 0,
            number <= buffers.count
        else { throw ColumnarFileError("it does not say how many buffers it has") }
        view += 1
        var contents: [[UInt8]] = []
        for _ in 0..<number { contents.append(try bytes(&budget)) }
        try budget.spend(count, of: 8)
        var strings = ByteStrings()
        for index in 0..<count {
            let start = 16 * index
            let length = Int(views.littleEndian(at: start) as Int32)
            if isNull?[index] == true || length == 0 {
                strings.append(0..<0, of: views)
                continue
            }
            guard length > 0 else { throw ColumnarFileError("a text of \(length) bytes") }
            try budget.spend(length)
            if length <= 12 {
                strings.append(start + 4..<start + 4 + length, of: views)
                continue
            }
            let source = Int(views.littleEndian(at: start + 8) as Int32)
            let offset = Int(views.littleEndian(at: start + 12) as Int32)
            guard contents.indices.contains(source), offset >= 0, offset <= contents[source].count - length else {
                throw ColumnarFileError("a text lies outside of its buffers")
            }
            strings.append(offset..<offset + length, of: contents[source])
        }
        return strings
    }
}

extension ArrowField.Kind {
    /// Whether any number of values may stand in a file for nothing.
    fileprivate var takesNoBytes: Bool {
        switch self {
        case .null, .structure, .fixedBytes(size: 0), .fixedList(size: 0): true
        default: false
        }
    }
}
