import ChatTemplates

/// Dialogs encoded one by one, then several of a group put into each item (`packing` of stage sft).
struct PackedProcessor: RowProcessor {
    let single: SupervisedProcessor
    /// Examples of one item do not see each other (`neat_packing`).
    let separates: Bool

    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow {
        try single.encode(example, previous: previous)
    }

    func items(of rows: [EncodedRow], part: inout DataReport.Part) -> [PreparedItem] {
        let examples = rows.compactMap { row in
            if case .item(.sequence(let item), _) = row { item } else { nil }
        }
        let packs = Knapsack.packs(examples.map(\.inputIDs.count), capacity: single.cutoff)
        part.packedExamples = (part.packedExamples ?? 0) + packs.reduce(0) { $0 + $1.count }
        return packs.map { .sequence(packed($0.map { examples[$0] })) }
    }

    /// One position is always left over: the reference pads packs to one token more than they may hold.
    private func packed(_ examples: [TrainingItem]) -> TrainingItem {
        let lengths = examples.map(\.inputIDs.count)
        return TrainingItem(
            inputIDs: examples.flatMap(\.inputIDs), labels: examples.flatMap(\.labels),
            packing: .init(
                lengths: lengths, isSeparated: separates,
                padding: single.cutoff + 1 - lengths.reduce(0, +)))
    }
}
