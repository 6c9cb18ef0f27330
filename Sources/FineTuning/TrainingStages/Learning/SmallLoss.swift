import Tensors

extension Tape {
    /// A loss that was computed from a few numbers on the tape, with its gradient by each of them.
    func loss(_ value: Double, of numbers: Variable, gradients: [Double]) throws -> Variable {
        let gradients = try Tensor(gradients.map { Float($0) }, shape: numbers.shape)
        return custom([numbers], value: Tensor([Float(value)])) { incoming in
            [try Tensor(gradients.array.map { $0 * incoming[0] }, shape: gradients.shape)]
        }
    }
}
