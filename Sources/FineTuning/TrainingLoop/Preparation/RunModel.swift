import Adapters
import LanguageModels
import RunConfiguration
import Tensors
import TrainingStages
import WeightFiles

/// A run's model with everything that its stage needs beside it.
struct RunModel {
    let trainable: TrainableModel
    let learner: Learner

    /// What the optimizer changes, in a fixed order.
    var parameters: [Tensors.Parameter] { trainable.parameters + headParameters }

    private var headParameters: [Tensors.Parameter] { learner.valueHead?.parameters ?? [] }

    /// Numbers that are trained, and all numbers of the policy.
    var trainableCount: Int { parameters.reduce(0) { $0 + $1.count } }
    var count: Int { trainable.count + headParameters.reduce(0) { $0 + $1.count } }

    /// Numbers that the reference multiplies tokens by, to estimate floating-point operations; it has no estimate for
    /// models with a value head.
    var countForOperations: Int { learner.valueHead == nil ? trainable.countWithoutEmbedding : 0 }

    /// Frozen matrices that belong to this run's networks, each once.
    var frozen: [Matrix] {
        var models = [trainable.base]
        if let reference = learner.reference?.model, reference !== trainable.base { models.append(reference) }
        return models.flatMap { $0.tensors.map(\.value) }.filter { if case .frozen = $0 { true } else { false } }
    }

    /// `trainable params: X || all params: Y || trainable%: Z`
    var parameterLine: String {
        let share = (100 * Double(trainableCount) / Double(max(count, 1))).text(decimals: 4)
        return "trainable params: \(groupedDigits(trainableCount)) || all params: \(groupedDigits(count)) "
            + "|| trainable%: \(share)"
    }

    /// Writes the files that a loader needs.
    func save(into output: some CheckpointOutput) throws {
        try trainable.save(into: output)
        try learner.valueHead?.save(into: output)
    }

    /// - Parameter folder: the model's, named in the error
    /// - Throws: `NotFiniteTensor` for a weight that is no number
    func requireFinite(in folder: String) throws { try trainable.base.requireFinite(in: folder) }

    /// Replaces the values that are trained by those of a folder that `save` has written.
    func load(from folder: String) throws {
        try trainable.load(from: folder)
        try learner.valueHead?.load(from: folder)
    }
}

extension RunModel {
    /// Loads the model, makes trainable what the method trains, and adds what the stage needs.
    ///
    /// - Parameter text: the run's tokenizer, whose tokens the model's files and rows follow
    init(
        _ configuration: RunConfiguration, stage: any TrainingStage, folders: ModelFolders,
        text: RunTokenizer, note: (String) -> Void
    ) throws {
        trainable = try TrainableModel(
            configuration, modelFolder: folders.model, adapterFolders: folders.adapters, text: text,
            note: note)
        let valueHead =
            stage.needs.valueHead
            ? try Self.valueHead(
                trainable.base.configuration, folder: folders.adapters.last ?? folders.model,
                seed: UInt64(max(0, configuration[Parameters.seed])), note: note) : nil
        let reference =
            stage.needs.reference
            ? try ReferenceModel.load(configuration, folders: folders, for: trainable, note: note) : nil
        learner = Learner(
            policy: Network(
                trainable.base, branches: trainable.adapter?.branches,
                embeddingNoise: configuration[Parameters.neftuneNoiseAlpha]),
            reference: reference, valueHead: valueHead)
    }

    /// The head beside the last adapter, or beside the model where there is none.
    private static func valueHead(
        _ configuration: ModelConfiguration, folder: String, seed: UInt64, note: (String) -> Void
    ) throws -> ValueHead {
        if let head = try ValueHead.load(directory: folder, for: configuration) { return head }
        note("\(folder) has no \(ValueHead.fileName), so the value head begins with random numbers")
        return try ValueHead.fresh(configuration, seed: seed)
    }
}
