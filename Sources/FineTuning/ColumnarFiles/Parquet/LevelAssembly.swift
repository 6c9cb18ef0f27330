/// Puts columns together from their leaves' levels.
///
/// An entry of a leaf begins a slot of a part of the schema if its repetition level is at most the part's, and its
/// definition level says that everything repeated around the part is there. So each part needs one pass over the
/// levels of one of its leaves.
struct LevelAssembly {
    private let chunks: [ColumnChunk]
    private let leaves: [ParquetLeaf]

    init(_ chunks: [ColumnChunk], _ leaves: [ParquetLeaf]) {
        self.chunks = chunks
        self.leaves = leaves
    }

    /// A top-level column.
    func column(
        _ field: ParquetField, budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        try column(field, Slots(repetition: 0, definition: 0), &budget)
    }

    /// What an entry needs to begin a slot.
    private struct Slots {
        let repetition: UInt8
        let definition: UInt8

        func element(_ definition: Int) -> Slots {
            Slots(repetition: repetition + 1, definition: UInt8(definition))
        }

        func begins(_ chunk: ColumnChunk, _ entry: Int) -> Bool {
            chunk.repetition(entry) <= repetition && chunk.definition(entry) >= definition
        }
    }

    private func column(
        _ field: ParquetField, _ slots: Slots, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        switch field.shape {
        case .leaf(let leaf):
            return try column(ofLeaf: leaf, slots, &budget)
        case .structure(let fields):
            let (isNull, count) = nulls(field, slots)
            var columns: [NamedColumn] = []
            for part in fields {
                let column = try column(part, slots, &budget)
                guard column.count == count else { throw Self.mismatch.inColumn(part.name) }
                columns.append(NamedColumn(name: part.name, column: column))
            }
            return .structures(count: count, isNull: isNull, fields: columns)
        case .list(let element, let definition):
            let (offsets, isNull) = try lists(field, slots, definition, &budget)
            let elements = try column(element, slots.element(definition), &budget)
            guard elements.count == offsets.last else { throw Self.mismatch.inColumn(field.name) }
            return .lists(offsets: offsets, isNull: isNull, elements: elements)
        case .map(let key, let value, let definition):
            let (offsets, isNull) = try lists(field, slots, definition, &budget)
            let keys = try column(key, slots.element(definition), &budget)
            let values = try column(value, slots.element(definition), &budget)
            guard keys.count == offsets.last, values.count == keys.count else {
                throw Self.mismatch.inColumn(field.name)
            }
            return .lists(offsets: offsets, isNull: isNull, elements: .pairs(keys: keys, values: values))
        }
    }

    private static let mismatch = ColumnarFileError("its parts have different numbers of values")

    private func column(
        ofLeaf number: Int, _ slots: Slots, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> Column {
        let chunk = chunks[number]
        let values = Column.scalars(chunk.store, leaves[number].kind)
        let greatest = UInt8(leaves[number].definition)
        if greatest == 0 { return .taken(positions: chunk.positions, from: values) }
        try budget.spend(chunk.count, of: 4)
        var positions: [UInt32] = []
        positions.reserveCapacity(chunk.count)
        var next = 0
        for entry in 0..<chunk.count where slots.begins(chunk, entry) {
            if chunk.definition[entry] == greatest {
                positions.append(chunk.positions[next])
                next += 1
            } else {
                positions.append(Column.null)
            }
        }
        return .taken(positions: positions, from: values)
    }

    private func nulls(_ field: ParquetField, _ slots: Slots) -> (isNull: [Bool]?, count: Int) {
        let chunk = chunks[field.firstLeaf]
        var isNull: [Bool] = []
        var count = 0
        for entry in 0..<chunk.count where slots.begins(chunk, entry) {
            count += 1
            if field.isOptional { isNull.append(chunk.definition(entry) < field.definition) }
        }
        return (field.isOptional ? isNull : nil, count)
    }

    private func lists(
        _ field: ParquetField, _ slots: Slots, _ definition: Int, _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) -> (offsets: [Int], isNull: [Bool]?) {
        let chunk = chunks[field.firstLeaf]
        let elements = slots.element(definition)
        try budget.spend(chunk.count, of: 9)
        var offsets: [Int] = []
        var isNull: [Bool] = []
        var count = 0
        for entry in 0..<chunk.count {
            if slots.begins(chunk, entry) {
                offsets.append(count)
                if field.isOptional { isNull.append(chunk.definition(entry) < field.definition) }
            }
            if elements.begins(chunk, entry) { count += 1 }
        }
        offsets.append(count)
        return (offsets, field.isOptional ? isNull : nil)
    }
}

extension ColumnChunk {
    fileprivate func repetition(_ entry: Int) -> UInt8 { repetition.isEmpty ? 0 : repetition[entry] }
    fileprivate func definition(_ entry: Int) -> UInt8 { definition.isEmpty ? 0 : definition[entry] }

    /// Entries that begin a row.
    var rowCount: Int { repetition.isEmpty ? count : repetition.count { $0 == 0 } }
    var beginsWithRow: Bool { repetition.first ?? 0 == 0 }
}
