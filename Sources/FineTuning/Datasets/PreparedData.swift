/// A run's items, in the order in which the data gives them.
package struct PreparedData: Hashable, Sendable {
    /// The items of one evaluation.
    package struct Evaluation: Hashable, Sendable {
        /// The dataset's name where each is evaluated apart (`eval_on_each_dataset`).
        package var name: String?
        package var items: [PreparedItem]

        package init(name: String? = nil, items: [PreparedItem]) {
            self.name = name
            self.items = items
        }
    }

    package var training: [PreparedItem] = []
    /// Empty if the run evaluates nothing; one, unless each dataset is evaluated apart.
    package var evaluations: [Evaluation] = []
    package var report = DataReport()

    package init() {}
}
