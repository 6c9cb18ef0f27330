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

    /// One weight with a branch inside it.
    package static func merged(_ value: Matrix, with branch: any LinearBranch) throws -> Matrix {
        let sum = try branch.folded(into: value.widened())
        switch value {
        case .trainable(let parameter): return .trainable(Parameter(name: parameter.name, value: sum))
        case .frozen(let weight):
            guard let format = weight.format, format != .float32 else {
                return .frozen(Weight(name: weight.name, tensor: sum))
            }
            let bytes = Weight.narrowedBytes(sum, to: format)
            return .frozen(try Weight(name: weight.name, format: format, shape: weight.shape, copying: bytes))
        }
    }
}
