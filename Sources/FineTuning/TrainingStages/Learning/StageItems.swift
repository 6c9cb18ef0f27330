import Datasets

extension TrainingStage {
    /// - Throws: `StageError.wrongItem` for the first item that is none
    func sequences(_ items: [PreparedItem]) throws -> [TrainingItem] {
        try items.map { item in
            guard case .sequence(let sequence) = item else { throw wrong(item) }
            return sequence
        }
    }

    /// The rows of pairs: all chosen answers, then all rejected ones in the same order.
    ///
    /// - Throws: `StageError.wrongItem` for the first item that is no pair
    func pairedRows(_ items: [PreparedItem]) throws -> [TrainingItem] {
        let pairs = try items.map { item in
            guard case .preference(let pair) = item else { throw wrong(item) }
            return pair
        }
        return pairs.map(\.chosen) + pairs.map(\.rejected)
    }

    private func wrong(_ item: PreparedItem) -> StageError {
        .wrongItem(stage: name, expected: itemKind, found: item.kind)
    }
}
