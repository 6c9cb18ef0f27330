/// An optimizer that treats each element alone, so that any stretch of a parameter can be updated by itself.
package protocol ElementwiseOptimizer: Optimizer {
    /// Names of the tensors it keeps, each in the parameter's shape.
    var stateNames: [String] { get }

    /// Those of them whose numbers are never negative.
    var nonNegativeStates: Set<String> { get }

    /// - Parameter block: has the tensors of the state in the order of `stateNames`
    func apply(_ update: ParameterUpdate, to block: ElementBlock)
}

extension ElementwiseOptimizer {
    package var nonNegativeStates: Set<String> { [] }

    package func state(name: String, shape: [Int]) -> [StateTensor] { stateNames.map { StateTensor($0, shape) } }

    package func apply(_ update: ParameterUpdate) {
        update.forEachBlock(stateNames) { apply(update, to: $0) }
    }
}

/// A stretch of a parameter's elements, with the gradient and what is remembered of the same elements.
package struct ElementBlock {
    /// Number of its first element.
    package let start: Int
    package let value: UnsafeMutablePointer<Float>
    package let gradient: UnsafePointer<Float>
    package let state: [UnsafeMutablePointer<Float>]
    package let count: Int
}
