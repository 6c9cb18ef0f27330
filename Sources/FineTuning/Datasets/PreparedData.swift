package import JSONDocuments
package import RunConfiguration

/// A run's items, in the order in which the data gives them.
package struct PreparedData: Hashable, Sendable {
    package var train: [TrainingItem] = []
    /// Nil if the run evaluates nothing.
    package var evaluation: [TrainingItem]?
    package var report = DataReport()

    package init() {}
}

extension TrainingItem {
    /// The item under the reference's field names; pre-training items carry no labels of their own.
    package func preview(stage: Stage) -> JSONValue {
        func list(_ ids: [Int32]) -> JSONValue { .array(ids.map { .integer(Int64($0)) }) }
        var object: JSONObject = [
            "input_ids": list(inputIDs), "attention_mask": list([Int32](repeating: 1, count: inputIDs.count)),
        ]
        if stage != .pt { object["labels"] = list(labels) }
        return .object(object)
    }
}
