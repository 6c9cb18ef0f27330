package import LanguageModels
package import Tensors

/// A LoRA adapter for one base model (Hu et al., arXiv 2106.09685): its matrices, and where they belong.
///
/// The base does not change: pass `branches` to its calls, and another adapter's to the next call.
package final class LoRAAdapter: Sendable {
    package let configuration: AdapterConfiguration
    package let modules: [Module]
    /// What the base model's calls take.
    package let branches: LinearBranches

    /// One adapted linear layer.
    package struct Module: Sendable {
        package var path: String
        package var pair: LowRankBranch
    }

    private init(configuration: AdapterConfiguration, model: DecoderModel, pairs: [Int: LowRankBranch]) {
        self.configuration = configuration
        let linear = model.linearModules
        modules = pairs.keys.sorted().compactMap { position in
            pairs[position].map { Module(path: linear[position].path, pair: $0) }
        }
        branches = LinearBranches(linear.indices.map { pairs[$0] })
    }

    /// A trainable adapter that changes nothing yet: A is Kaiming-uniform, B is zero.
    package static func fresh(
        _ configuration: AdapterConfiguration, for model: DecoderModel, seed: UInt64
    ) throws -> LoRAAdapter {
        try make(configuration, for: model) { freshValue($0, $1, seed: seed) }
    }

    /// What a matrix is before any training.
    static func freshValue(_ name: String, _ shape: [Int], seed: UInt64) -> Tensor {
        name.hasSuffix(TensorName.a) ? Tensor.kaimingUniform(shape, seed: seed, name: name) : Tensor(zeros: shape)
    }

    /// - Parameter tensor: gives a matrix by its name in the adapter's file and the shape it must have
    static func make(
        _ configuration: AdapterConfiguration, for model: DecoderModel,
        _ tensor: (_ name: String, _ shape: [Int]) throws -> Tensor
    ) throws -> LoRAAdapter {
        let linear = model.linearModules
        var pairs: [Int: LowRankBranch] = [:]
        for position in try configuration.resolvedTargets(in: model) {
            let module = linear[position]
            let rank = try configuration.rank(of: module.path)
            let scaling = configuration.scaling(rank: rank, alpha: try configuration.alpha(of: module.path))
            let (a, b) = (TensorName.key(module.path, TensorName.a), TensorName.key(module.path, TensorName.b))
            pairs[position] = try LowRankBranch(
                a: Parameter(name: a, value: tensor(a, [rank, module.inputs])),
                b: Parameter(name: b, value: tensor(b, [module.outputs, rank])), scaling: Float(scaling),
                dropout: Float(configuration.dropout), site: Philox.hash(module.path))
        }
        return LoRAAdapter(configuration: configuration, model: model, pairs: pairs)
    }

    /// A and B of each adapted layer, in the order of the model; named as in the adapter's file.
    package var parameters: [Parameter] { modules.flatMap { [$0.pair.a, $0.pair.b] } }

    /// Names of tensors in `adapter_model.safetensors`.
    enum TensorName {
        static let a = "lora_A.weight"
        static let b = "lora_B.weight"

        static func key(_ path: String, _ part: String) -> String { "base_model.model.\(path).\(part)" }
    }
}
