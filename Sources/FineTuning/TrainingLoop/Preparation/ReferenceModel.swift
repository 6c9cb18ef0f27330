import Adapters
import LanguageModels
import RunConfiguration
import TrainingStages
import WeightFiles

/// The frozen weights that preference learning holds the policy to (training-and-inference, 2.2).
enum ReferenceModel {
    /// Which weights they are.
    enum Choice: Equatable {
        /// A model of its own, with its adapters.
        case separate(folder: String, adapters: [String])
        /// The policy with its adapter left out.
        case withoutAdapter
        /// Another copy of what the policy starts from, with these adapters.
        case copy(adapters: [String])
    }

    /// - Parameters:
    ///   - continuesAdapter: whether training goes on with the last of the adapters given, which is then no part of it
    ///   - canLeaveOut: whether the policy without its adapter is what it was before training
    static func choice(_ folders: ModelFolders, continuesAdapter: Bool, canLeaveOut: Bool) -> Choice {
        if let model = folders.reference { return .separate(folder: model, adapters: folders.referenceAdapters) }
        if canLeaveOut { return .withoutAdapter }
        return .copy(adapters: continuesAdapter ? Array(folders.adapters.dropLast()) : folders.adapters)
    }

    /// Loads it and says which weights it is: people expect an adapter that they go on with to be part of it.
    static func load(
        _ configuration: RunConfiguration, folders: ModelFolders, for trainable: TrainableModel,
        note: (String) -> Void
    ) throws -> Network {
        let continuesAdapter =
            trainable.adapter != nil && !folders.adapters.isEmpty && !configuration[Parameters.createNewAdapter]
        let choice = choice(
            folders, continuesAdapter: continuesAdapter,
            canLeaveOut: trainable.adapter.map { $0.savedModules.parameters.isEmpty } ?? false)
        let hint =
            continuesAdapter
            ? "; the adapter that training goes on with is no part of it (set `create_new_adapter: true`, or "
                + "`ref_model` and `ref_model_adapters`, where it should be)" : ""
        let seed = UInt64(max(0, configuration[Parameters.seed]))
        switch choice {
        case .separate(let folder, let adapters):
            note("the reference is \(([folder] + adapters).joined(separator: " with "))")
            var itself = try ModelConfiguration(directory: folder)
            try itself.adoptStretch(configuration, adapterFolders: adapters) { _ in }
            let model = try DecoderModel.load(itself, weights: CheckpointWeights(directory: folder))
            return Network(try merging(adapters, into: model, seed: seed))
        case .withoutAdapter:
            note("the reference is the model without the adapter that is trained\(hint)")
            return Network(trainable.base)
        case .copy(let adapters):
            note("the reference is a copy of the model as it is before training\(hint)")
            return try withoutActuallyEscaping(note) { note in
                let start = TuningStart(
                    configuration: configuration, modelConfiguration: trainable.source.configuration,
                    modelFolder: folders.model, adapterFolders: [], growth: trainable.source.growth, note: note)
                return Network(try merging(adapters, into: start.model { _ in false }, seed: seed))
            }
        }
    }

    private static func merging(_ folders: [String], into model: DecoderModel, seed: UInt64) throws -> DecoderModel {
        try folders.reduce(model) { model, folder in
            let fitting = try model.fitting(adapterIn: folder)
            return try Adapter.load(directory: folder, for: fitting, seed: seed).adapter.merged(into: fitting)
        }
    }
}
