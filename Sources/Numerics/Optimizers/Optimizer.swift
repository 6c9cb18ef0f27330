package import Tensors

/// A formula that changes one parameter by its gradient and by what is remembered of earlier ones.
///
/// A conforming type holds settings only. What it remembers lies in a `ParameterState` under the names it gives here,
/// so that memory is known before the first update, and checkpoints keep any optimizer's state alike.
package protocol Optimizer: Sendable {
    /// What is remembered of a parameter between updates.
    ///
    /// - Parameters:
    ///   - name: the parameter's
    ///   - shape: the parameter's
    func state(name: String, shape: [Int]) -> [StateTensor]

    /// Changes the parameter and what is remembered of it.
    ///
    /// It may be called on any thread and inside a task of the pool. The result must not depend on either.
    func apply(_ update: ParameterUpdate) throws

    /// Length of what the update number `step` of a parameter uses of its gradient.
    func norm(of gradient: Tensor, step: Int) -> Float

    /// Whether the update of a large parameter keeps all threads busy; others are made beside each other.
    var usesAllThreads: Bool { get }

    /// Bytes of tensors that one update holds while it is made.
    func scratchByteCount(shape: [Int]) -> Int
}

extension Optimizer {
    package func norm(of gradient: Tensor, step: Int) -> Float { GradientNorm.norm(of: gradient) }
    package var usesAllThreads: Bool { true }
    package func scratchByteCount(shape: [Int]) -> Int { 0 }
}

/// A tensor that an optimizer keeps for a parameter; it begins as zeros.
package struct StateTensor: Sendable, Equatable {
    package enum Element: Int, Sendable {
        case byte = 1
        case float = 4
    }

    /// As PyTorch names it in its optimizer's state; without dots.
    package let name: String
    package let shape: [Int]
    package let element: Element

    package init(_ name: String, _ shape: [Int], of element: Element = .float) {
        self.name = name
        self.shape = shape
        self.element = element
    }

    package var byteCount: Int { shape.reduce(element.rawValue, *) }
}
