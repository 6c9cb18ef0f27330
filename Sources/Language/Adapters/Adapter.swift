package import LanguageModels
package import Tensors

/// An adapter for one base model: its matrices, and where they belong.
///
/// The base does not change: run `model` with `branches`, and another adapter's with the next call.
package final class Adapter: Sendable {
    package let configuration: AdapterConfiguration
    /// The adapted linear layers, in the order of the model.
    package let modules: [Module]
    /// What is beside the token embedding.
    package let embedding: LowRankEmbedding?
    /// Modules that are trained whole and kept beside the matrices (PEFT's `modules_to_save`).
    package let savedModules: SavedModules
    /// What the model's calls take.
    package let branches: LinearBranches
    /// The base with the saved modules in their places; the base itself where there are none.
    package let model: DecoderModel

    /// One adapted linear layer.
    package struct Module: Sendable {
        package var path: String
        package var branch: any LinearBranch

        /// The low-rank pair that the branch is or has.
        package var pair: LowRankBranch? {
            switch branch {
            case let pair as LowRankBranch: pair
            case let branch as DoRABranch: branch.lowRank
            case let branch as PiSSABranch: branch.pair
            default: nil
            }
        }
    }

    private init(
        configuration: AdapterConfiguration, base: DecoderModel, modules: [Int: Module],
        embedding: LowRankEmbedding?, saved: SavedModules
    ) throws {
        self.configuration = configuration
        self.modules = modules.keys.sorted().compactMap { modules[$0] }
        self.embedding = embedding
        savedModules = saved
        branches = LinearBranches(base.linearModules.indices.map { modules[$0]?.branch }, embedding: embedding)
        model = try saved.placed(in: base)
    }

    /// A trainable adapter that changes nothing yet.
    package static func fresh(
        _ configuration: AdapterConfiguration, for model: DecoderModel, seed: UInt64
    ) throws -> Adapter {
        try make(configuration, for: model, seed: seed) { _, _, fresh in try fresh() }
    }

    static func make(
        _ configuration: AdapterConfiguration, for model: DecoderModel, seed: UInt64,
        _ tensor: @escaping AdaptedLayer.Source
    ) throws -> Adapter {
        let saved = try SavedModules(configuration.modulesToSave, of: model, tensor)
        let targets = try configuration.resolvedTargets(in: model, except: saved.paths)
        func layer(_ path: String, _ inputs: Int, _ outputs: Int, _ weight: @escaping () -> Matrix) -> AdaptedLayer {
            AdaptedLayer(path: path, inputs: inputs, outputs: outputs, seed: seed, weight: weight, source: tensor)
        }
        var modules: [Int: Module] = [:]
        for position in targets.linear {
            let module = model.linearModules[position]
            modules[position] = Module(
                path: module.path,
                branch: try configuration.kind.branch(
                    beside: layer(module.path, module.inputs, module.outputs) {
                        model.weight(ofLinearModule: position)
                    }))
        }
        var embedding: LowRankEmbedding?
        if targets.embedding {
            let table = model.embeddingTable
            embedding = try configuration.kind.branch(
                besideEmbedding: layer(model.embeddingPath, table.rows, table.columns) { table })
        }
        return try Adapter(
            configuration: configuration, base: model, modules: modules, embedding: embedding, saved: saved)
    }

    /// Everything that is trained, in the order of the model; named as in the adapter's file.
    package var parameters: [Parameter] {
        (embedding?.parameters ?? []) + modules.flatMap(\.branch.parameters) + savedModules.parameters
    }

    /// The name of a tensor in `adapter_model.safetensors`.
    static func tensorName(_ path: String, _ part: String) -> String { "base_model.model.\(path).\(part)" }
}
