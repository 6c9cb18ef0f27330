import JSONDocuments

/// Decoded values of a column, one for each slot: a row, or an element of the list around it.
indirect enum Column: Sendable {
    /// Nothing but nulls.
    case nulls(count: Int)
    /// Values that are never null.
    case scalars(ScalarStore, ScalarKind)
    /// Slot i is the value at `positions[i]`, or null where that is `Column.null`: nulls and dictionaries.
    case taken(positions: [UInt32], from: Column)
    /// Slot i holds the elements `offsets[i]..<offsets[i + 1]`.
    case lists(offsets: [Int], isNull: [Bool]?, elements: Column)
    case structures(count: Int, isNull: [Bool]?, fields: [NamedColumn])
    /// The entries of maps.
    case pairs(keys: Column, values: Column)

    /// The position that stands for null.
    static let null = UInt32.max
}

/// A column with its name in the row or structure around it.
struct NamedColumn: Sendable {
    let name: String
    let column: Column
}

/// Values of one leaf column as they are stored.
enum ScalarStore: Sendable {
    case booleans([Bool])
    case integers([Int64])
    case numbers([Double])
    case bytes(ByteStrings)

    var count: Int {
        switch self {
        case .booleans(let values): values.count
        case .integers(let values): values.count
        case .numbers(let values): values.count
        case .bytes(let values): values.count
        }
    }

    var byteCount: Int {
        switch self {
        case .booleans(let values): values.count
        case .integers(let values): 8 * values.count
        case .numbers(let values): 8 * values.count
        case .bytes(let values): values.byteCount
        }
    }
}

/// Strings of bytes, one behind the other.
struct ByteStrings: Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }
    var byteCount: Int { bytes.count + 8 * ends.count }

    /// - Precondition: `range` lies within `source`.
    mutating func append(_ range: Range<Int>, of source: [UInt8]) {
        bytes.append(contentsOf: source[range])
        ends.append(bytes.count)
    }

    /// Adds the first `prefix` bytes of the last string followed by those of `source`.
    mutating func append(prefix: Int, _ range: Range<Int>, of source: [UInt8]) throws(ColumnarFileError) {
        let last = ends.isEmpty ? 0..<0 : self[ends.count - 1]
        guard prefix >= 0, prefix <= last.count else {
            throw ColumnarFileError("a text shares more with the one before than that has")
        }
        bytes.append(contentsOf: bytes[last.lowerBound..<last.lowerBound + prefix])
        append(range, of: source)
    }

    /// Where a string lies in `bytes`.
    subscript(index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }
}

// MARK: - Measures

extension Column {
    var count: Int {
        switch self {
        case .nulls(let count): count
        case .scalars(let store, _): store.count
        case .taken(let positions, _): positions.count
        case .lists(let offsets, _, _): offsets.count - 1
        case .structures(let count, _, _): count
        case .pairs(let keys, _): keys.count
        }
    }

    var byteCount: Int {
        switch self {
        case .nulls: 0
        case .scalars(let store, _): store.byteCount
        case .taken(let positions, let column): 4 * positions.count + column.byteCount
        case .lists(let offsets, let isNull, let elements):
            8 * offsets.count + (isNull?.count ?? 0) + elements.byteCount
        case .structures(_, let isNull, let fields):
            fields.reduce(isNull?.count ?? 0) { $0 + $1.column.byteCount }
        case .pairs(let keys, let values): keys.byteCount + values.byteCount
        }
    }
}

// MARK: - Values

extension Column {
    /// - Precondition: `index` is below `count`.
    func json(at index: Int, _ budget: inout RowBudget) throws(ColumnarFileError) -> JSONValue {
        try budget.spendValue()
        switch self {
        case .nulls: return .null
        case .scalars(let store, let kind):
            if case .bytes(let values) = store { try budget.spend(values[index].count) }
            return try kind.json(of: store, at: index)
        case .taken(let positions, let column):
            return positions[index] == Self.null ? .null : try column.json(at: Int(positions[index]), &budget)
        case .lists(let offsets, let isNull, let elements):
            if isNull?[index] == true { return .null }
            var values: [JSONValue] = []
            try budget.cover(offsets[index + 1] - offsets[index])
            values.reserveCapacity(offsets[index + 1] - offsets[index])
            for element in offsets[index]..<offsets[index + 1] {
                values.append(try elements.json(at: element, &budget))
            }
            return .array(values)
        case .structures(_, let isNull, let fields):
            if isNull?[index] == true { return .null }
            var object = JSONObject()
            for field in fields {
                do throws(ColumnarFileError) {
                    object[field.name] = try field.column.json(at: index, &budget)
                } catch {
                    throw error.inColumn(field.name)
                }
            }
            return .object(object)
        case .pairs(let keys, let values):
            return .array([try keys.json(at: index, &budget), try values.json(at: index, &budget)])
        }
    }
}
