package import LanguageModels
package import Tensors

/// A LoRA adapter for one base model (Hu et al., arXiv 2106.09685): its matrices, and where they belong.
///
/// The base does not change: run `model` with `branches`, and another adapter's with the next call.
package final class LoRAAdapter: Sendable {
    package let configuration: AdapterConfiguration
    /// The adapted linear layers, in the order of the model.
    package let modules: [Module]
    /// Modules that are trained whole and kept beside the matrices (PEFT's `modules_to_save`).
    package let savedModules: SavedModules
    /// What the model's calls take.
    package let branches: LinearBranches
    /// The base with the saved modules in their places; the base itself where there are none.
    package let model: DecoderModel

    /// One adapted linear layer.
    package struct Module: Sendable {
        package var path: String
        package var pair: LowRankBranch
        /// The pair itself, or what is around it.
        package var branch: any LinearBranch
    }

    private init(
        configuration: AdapterConfiguration, base: DecoderModel, modules: [Int: Module], saved: SavedModules
    ) throws {
        self.configuration = configuration
        self.modules = modules.keys.sorted().compactMap { modules[$0] }
        savedModules = saved
        branches = LinearBranches(base.linearModules.indices.map { modules[$0]?.branch })
        model = try saved.placed(in: base)
    }

    /// A trainable adapter that changes nothing yet: A is Kaiming-uniform, B is zero.
    package static func fresh(
        _ configuration: AdapterConfiguration, for model: DecoderModel, seed: UInt64
    ) throws -> LoRAAdapter {
        try make(configuration, for: model, seed: seed) { _, _, fresh in try fresh() }
    }

    /// - Parameter tensor: gives a tensor by its name in the adapter's file, the shape it must have, and what it is
    ///   before any training
    static func make(
        _ configuration: AdapterConfiguration, for model: DecoderModel, seed: UInt64,
        _ tensor: (_ name: String, _ shape: [Int], _ fresh: () throws -> Tensor) throws -> Tensor
    ) throws -> LoRAAdapter {
        let saved = try SavedModules(configuration.modulesToSave, of: model, tensor)
        let linear = model.linearModules
        var modules: [Int: Module] = [:]
        for position in try configuration.resolvedTargets(in: model, except: saved.paths) {
            let module = linear[position]
            func parameter(
                _ part: String, _ shape: [Int], _ fresh: @escaping (String) throws -> Tensor
            ) throws -> Parameter {
                let name = TensorName.key(module.path, part)
                return Parameter(name: name, value: try tensor(name, shape) { try fresh(name) })
            }
            let rank = try configuration.rank(of: module.path)
            let scaling = configuration.scaling(rank: rank, alpha: try configuration.alpha(of: module.path))
            let pair = try LowRankBranch(
                a: parameter(TensorName.a, [rank, module.inputs]) {
                    Tensor.kaimingUniform([rank, module.inputs], seed: seed, name: $0)
                },
                b: parameter(TensorName.b, [module.outputs, rank]) { _ in Tensor(zeros: [module.outputs, rank]) },
                scaling: Float(scaling), dropout: Float(configuration.dropout), site: Philox.hash(module.path))
            var branch: any LinearBranch = pair
            if configuration.usesDoRA {
                let magnitude = try parameter(TensorName.magnitude, [module.outputs]) { _ in
                    pair.rowNorms(of: model.weight(ofLinearModule: position))
                }
                branch = try DoRABranch(pair, magnitude: magnitude)
            }
            modules[position] = Module(path: module.path, pair: pair, branch: branch)
        }
        return try LoRAAdapter(configuration: configuration, base: model, modules: modules, saved: saved)
    }

    /// Everything that is trained, in the order of the model; named as in the adapter's file.
    package var parameters: [Parameter] { modules.flatMap(\.branch.parameters) + savedModules.parameters }

    /// Names of tensors in `adapter_model.safetensors`.
    enum TensorName {
        static let a = "lora_A.weight"
        static let b = "lora_B.weight"
        static let magnitude = "lora_magnitude_vector"

        static func key(_ path: String, _ part: String) -> String { "base_model.model.\(path).\(part)" }
    }
}
