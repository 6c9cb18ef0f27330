package import Tensors

/// What is remembered of one parameter: tensors and numbers under names of the optimizer's choice.
package final class ParameterState: @unchecked Sendable {
    // Sendable by the rule that one task updates a parameter at a time.

    /// Updates made, the one going on included.
    package var step: Int
    package let tensors: [String: Tensor]
    /// Further numbers, each 0 until it is set.
    package var numbers: [String: Double]

    package init(step: Int = 0, tensors: [String: Tensor], numbers: [String: Double] = [:]) {
        self.step = step
        self.tensors = tensors
        self.numbers = numbers
    }

    convenience init(_ layout: [StateTensor]) {
        self.init(tensors: Dictionary(uniqueKeysWithValues: layout.map { ($0.name, Tensor(zeros: $0.shape)) }))
    }
}
