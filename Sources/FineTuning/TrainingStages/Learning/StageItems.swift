import Datasets

extension TrainingStage {
    /// - Throws: `StageError.wrongItem` for the first item that is none
    func sequences(_ items: [PreparedItem]) throws -> [TrainingItem] {
        try items.map { item in
            guard case .sequence(let sequence) = item else { throw wrong(item) }
            return sequence
        }
    }

    private func wrong(_ item: PreparedItem) -> StageError {
        .wrongItem(stage: name, expected: itemKind, found: item.kind)
    }
}
