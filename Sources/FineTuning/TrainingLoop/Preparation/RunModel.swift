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
    var parameters: [Tensors.Parameter] { trainable.parameters }

    /// Numbers that the reference multiplies tokens by, to estimate floating-point operations.
    var countForOperations: Int { trainable.countWithoutEmbedding }

    /// Frozen matrices that belong to this run's networks, each once.
    var frozen: [Matrix] {
        trainable.base.tensors.map(\.value).filter { if case .frozen = $0 { true } else { false } }
    }

    /// Writes the files that a loader needs.
    func save(into output: some CheckpointOutput) throws { try trainable.save(into: output) }

    /// - Parameter folder: the model's, named in the error
    /// - Throws: `NotFiniteTensor` for a weight that is no number
    func requireFinite(in folder: String) throws { try trainable.base.requireFinite(in: folder) }

    /// Replaces the values that are trained by those of a folder that `save` has written.
    func load(from folder: String) throws { try trainable.load(from: folder) }
}

extension RunModel {
    /// Loads the model, makes trainable what the method trains, and adds what the stage needs.
    ///
    /// - Parameters:
    ///   - adapterFolders: the adapters' folders, in order
    ///   - specialTokens: those of the run's tokenizer; nil for a model that is not going to be saved
    init(
        _ configuration: RunConfiguration, stage: any TrainingStage, modelFolder: String, adapterFolders: [String],
        specialTokens: SpecialTokenIDs? = nil, note: (String) -> Void
    ) throws {
        trainable = try TrainableModel(
            configuration, modelFolder: modelFolder, adapterFolders: adapterFolders, specialTokens: specialTokens,
            note: note)
        learner = Learner(policy: Network(trainable.base, branches: trainable.adapter?.branches))
    }
}
