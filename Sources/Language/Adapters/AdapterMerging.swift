package import LanguageModels
package import Tensors

extension Adapter {
    /// The base with this adapter inside its weights; layers without a part of it are shared, not copied.
    ///
    /// Sums are made in float32 and rounded once to the format of the base weight. Where embedding and head are one matrix
    /// and the adapter changes either, the other stays what it was.
    package func merged(into base: DecoderModel) throws -> DecoderModel {
        let branches = Dictionary(uniqueKeysWithValues: modules.map { ("\($0.path).weight", $0.branch) })
        let table = "\(base.embeddingPath).weight"
        let parts = embedding != nil || branches["\(base.headPath).weight"] != nil
        return try savedModules.merged(into: base).replacingTensors(untyingHead: parts) { name, value in
            if let embedding, name == table { return try value.replaced(by: embedding.folded(into: value.widened())) }
            guard let branch = branches[name] else { return value }
            return try Self.merged(value, with: branch)
        }
    }

    /// A base with the modules that this adapter brings whole in their places.
    package func placed(in base: DecoderModel) throws -> DecoderModel { try savedModules.placed(in: base) }

    /// One weight with a branch inside it.
    package static func merged(_ value: Matrix, with branch: any LinearBranch) throws -> Matrix {
        try value.replaced(by: branch.folded(into: value.widened()))
    }
}

extension Matrix {
    /// Other numbers in the same place: trained or frozen as before, rounded to the format that was stored.
    func replaced(by numbers: Tensor) throws -> Matrix {
        switch self {
        case .trainable(let parameter): return .trainable(Parameter(name: parameter.name, value: numbers))
        case .frozen(let weight):
            guard let format = weight.format, format != .float32 else {
                return .frozen(Weight(name: weight.name, tensor: numbers))
            }
            let bytes = Weight.narrowedBytes(numbers, to: format)
            return .frozen(try Weight(name: weight.name, format: format, shape: weight.shape, copying: bytes))
        }
    }
}
