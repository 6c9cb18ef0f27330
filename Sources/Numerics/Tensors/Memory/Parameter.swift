/// A trainable float32 tensor with its gradient.
package final class Parameter: @unchecked Sendable {
    // Sendable by the rule that one thread trains at a time.
    package let name: String
    package var value: Tensor
    /// Sum of the gradients since the last `clearGradient`; nil when nothing has arrived yet.
    package var gradient: Tensor?
    /// Whether operations compute a gradient for it; may change between steps.
    package var isTrainable: Bool

    package init(name: String, value: Tensor, isTrainable: Bool = true) {
        self.name = name
        self.value = value
        self.isTrainable = isTrainable
    }

    package var shape: [Int] { value.shape }
    package var count: Int { value.count }

    /// Drops the gradient and its memory.
    package func clearGradient() { gradient = nil }

    /// The buffer to add to, zero at first.
    func gradientForAdding() -> Tensor {
        if let gradient { return gradient }
        let fresh = Tensor(zeros: value.shape)
        gradient = fresh
        return fresh
    }
}

/// A matrix that an operation multiplies by, `(outputs, inputs)` or `(vocabulary, hidden)`.
package enum Matrix: Sendable {
    case frozen(Weight)
    case trainable(Parameter)

    package var shape: [Int] {
        switch self {
        case .frozen(let weight): weight.shape
        case .trainable(let parameter): parameter.shape
        }
    }

    package var rows: Int { shape.first ?? 0 }
    package var columns: Int { shape.last ?? 0 }
    /// Bytes as they are held.
    package var byteCount: Int {
        switch self {
        case .frozen(let weight): weight.byteCount
        case .trainable(let parameter): parameter.value.byteCount
        }
    }
    package var name: String {
        switch self {
        case .frozen(let weight): weight.name
        case .trainable(let parameter): parameter.name
        }
    }

    /// The parameter that wants a gradient, if any.
    package var parameterToTrain: Parameter? {
        if case .trainable(let parameter) = self, parameter.isTrainable { return parameter }
        return nil
    }

    /// The numbers as float32: a copy of a frozen weight, the parameter's own tensor otherwise.
    package func widened() -> Tensor {
        switch self {
        case .frozen(let weight): weight.widened()
        case .trainable(let parameter): parameter.value
        }
    }
}

/// A vector that an operation scales or shifts by; the same two cases as `Matrix`.
package typealias Vector = Matrix

extension Vector {
    /// The numbers as float32, for reading only.
    var numbers: Tensor {
        switch self {
        case .frozen(let weight): weight.sharedNumbers
        case .trainable(let parameter): parameter.value
        }
    }
}
