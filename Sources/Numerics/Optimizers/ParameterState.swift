package import Tensors

/// What is remembered of one parameter: tensors and numbers under names of the optimizer's choice.
package final class ParameterState: @unchecked Sendable {
    // Sendable by the rule that one task updates a parameter at a time.

    /// Updates made, the one going on included.
    package var step: Int
    package let tensors: [String: StateValue]
    /// Further numbers, each 0 until it is set.
    package var numbers: [String: Double]

    package init(step: Int = 0, tensors: [String: StateValue], numbers: [String: Double] = [:]) {
        self.step = step
        self.tensors = tensors
        self.numbers = numbers
    }

    convenience init(_ layout: [StateTensor]) {
        self.init(tensors: Dictionary(uniqueKeysWithValues: layout.map { ($0.name, StateValue($0)) }))
    }

    /// A tensor of the optimizer's own layout.
    package func floats(_ name: String) -> Tensor {
        guard case .floats(let tensor)? = tensors[name] else {
            preconditionFailure("\(name) is no float tensor of the optimizer's layout")
        }
        return tensor
    }

    /// A tensor of codes of the optimizer's own layout.
    package func bytes(_ name: String) -> ByteTensor {
        guard case .bytes(let tensor)? = tensors[name] else {
            preconditionFailure("\(name) is no byte tensor of the optimizer's layout")
        }
        return tensor
    }
}

/// The numbers of a state's tensor.
package enum StateValue: Sendable {
    case floats(Tensor)
    case bytes(ByteTensor)

    init(_ layout: StateTensor) {
        switch layout.element {
        case .float: self = .floats(Tensor(zeros: layout.shape))
        case .byte: self = .bytes(ByteTensor(zeros: layout.shape))
        }
    }

    package var shape: [Int] {
        switch self {
        case .floats(let tensor): tensor.shape
        case .bytes(let tensor): tensor.shape
        }
    }

    package var element: StateTensor.Element {
        switch self {
        case .floats: .float
        case .bytes: .byte
        }
    }
}
