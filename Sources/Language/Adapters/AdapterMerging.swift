package import LanguageModels
package import Tensors

extension LoRAAdapter {
    /// The base with this adapter's update inside its weights; layers without one are shared, not copied.
    ///
    /// The sum is made in float32 and rounded once to the format of the base weight.
    package func merged(into model: DecoderModel) throws -> DecoderModel {
        let pairs = Dictionary(uniqueKeysWithValues: modules.map { ("\($0.path).weight", $0.pair) })
        return try model.replacingTensors { name, value in
            guard let pair = pairs[name] else { return value }
            return try Self.merged(value, with: pair)
        }
    }

    /// One weight with a low-rank update inside it.
    package static func merged(_ value: Matrix, with pair: LowRankAdapter) throws -> Matrix {
        let sum = try sum(of: value, and: pair)
        switch value {
        case .trainable(let parameter): return .trainable(Parameter(name: parameter.name, value: sum))
        case .frozen(let weight) where weight.format == .float32:
            return .frozen(Weight(name: weight.name, tensor: sum))
        case .frozen(let weight):
            let bytes = Weight.narrowedBytes(sum, to: weight.format)
            return .frozen(try Weight(name: weight.name, format: weight.format, shape: weight.shape, copying: bytes))
        }
    }

    /// `weight + scaling * b * a`
    private static func sum(of weight: Matrix, and pair: LowRankAdapter) throws -> Tensor {
        let tape = Tape(recording: false)
        let transposed = Weight(name: "\(pair.a.name) transposed", tensor: try transposed(pair.a.value))
        let product = try tape.linear(
            tape.constant(pair.b.value), LinearProjection(weight: .frozen(transposed)))
        let update = try tape.scale(product, by: pair.scaling)
        return try tape.add(tape.constant(weight.widened()), update).value
    }

    private static func transposed(_ matrix: Tensor) throws -> Tensor {
        let (rows, columns) = (matrix.rows, matrix.columns)
        let source = matrix.array
        let result = (0..<columns).flatMap { column in (0..<rows).map { source[$0 * columns + column] } }
        return try Tensor(result, shape: [columns, rows])
    }
}
