import JSONDocuments

/// How many evaluations a run has waited for an improvement, and how many it will.
package struct EarlyStopping: Equatable, Sendable {
    package var patience: Int
    /// Evaluations since the last that was the best so far.
    package var waited = 0

    package init(patience: Int, waited: Int = 0) {
        self.patience = patience
        self.waited = waited
    }

    package var endsRun: Bool { waited >= patience }

    package mutating func observe(isImprovement: Bool) { waited = isImprovement ? 0 : waited + 1 }

    /// Under transformers' names.
    static let name = "EarlyStoppingCallback"

    var json: JSONValue {
        [
            "args": ["early_stopping_patience": .integer(Int64(patience)), "early_stopping_threshold": 0.0],
            "attributes": ["early_stopping_patience_counter": .integer(Int64(waited))],
        ]
    }

    init?(_ json: JSONValue?) {
        guard let patience = json?["args"]?["early_stopping_patience"]?.integer,
            let waited = json?["attributes"]?["early_stopping_patience_counter"]?.integer
        else { return nil }
        self.patience = Int(patience)
        self.waited = Int(waited)
    }
}
