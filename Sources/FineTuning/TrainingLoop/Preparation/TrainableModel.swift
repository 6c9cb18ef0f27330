import Adapters
import Checkpoints
import JSONDocuments
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import WeightFiles

/// A model with what is trained of it: an adapter, or its own tensors.
struct TrainableModel {
    var base: DecoderModel
    /// Nil when the model itself is trained.
    var adapter: Adapter?
    var generation: GenerationDefaults
    /// The model as its files have it, and what it gets rows for.
    private(set) var source: (configuration: ModelConfiguration, growth: VocabularyGrowth?)

    /// What the optimizer changes, in a fixed order.
    var parameters: [Tensors.Parameter] { adapter?.parameters ?? base.parameters }

    var count: Int { base.parameterCount + (adapter.map { $0.parameters.reduce(0) { $0 + $1.count } } ?? 0) }

    /// Numbers outside the token embedding, by which the reference estimates floating-point operations.
    var countWithoutEmbedding: Int {
        let embedding = base.tensors.first { $0.name == "\(base.embeddingPath).weight" }?.value
        return count - (embedding.map { $0.shape.reduce(1, *) } ?? 0)
    }

    /// Every parameter in the reference's words; an adapter's last.
    var statusLines: [String] {
        func line(_ name: String, _ format: WeightFormat?, isTrainable: Bool) -> String {
            "name: \(name), dtype: \(format.map { "torch.\($0)" } ?? "packed"), device: cpu, "
                + "trainable: \(isTrainable ? "True" : "False")"
        }
        // Copies of whole modules stand in the base, under the names of the modules.
        let beside = (adapter?.parameters ?? []).filter { parameter in
            !base.parameters.contains { $0 === parameter }
        }
        return base.tensors.map { name, value in
            switch value {
            case .frozen(let weight): line(name, weight.format, isTrainable: false)
            case .trainable(let parameter): line(name, .float32, isTrainable: parameter.isTrainable)
            }
        } + beside.map { line($0.name, .float32, isTrainable: $0.isTrainable) }
    }

    /// Writes the files that a loader needs: the adapter's, or the whole model's.
    func save(into output: some CheckpointOutput) throws {
        if let adapter {
            try adapter.save(into: output)
            try PositionStretch.save(base.configuration.stretch, into: output)
        } else {
            try base.save(into: output, generation: generation, storedAs: .float32)
        }
    }

    /// Replaces the values that are trained by those of a folder that `save` has written.
    ///
    /// - Throws: `CheckpointError.doesNotFit` for a folder of another kind of run, `NotFiniteTensor`
    func load(from folder: String) throws {
        try checkKind(of: folder)
        if let adapter {
            let weights = try SafetensorsFile(path: "\(folder)/\(Adapter.weightsName)")
            for tensor in adapter.storedTensors {
                tensor.restore(
                    try numbers(weights.weight(named: tensor.name), tensor.name, shape: tensor.shape, from: folder))
            }
            return
        }
        let weights = try CheckpointWeights(directory: folder)
        for parameter in parameters {
            let weight = try base.weight(named: parameter.name, in: weights)
            parameter.value = try numbers(weight, parameter.name, shape: parameter.shape, from: folder)
        }
    }

    private func numbers(_ weight: Weight, _ name: String, shape: [Int], from folder: String) throws -> Tensor {
        guard weight.shape == shape else {
            throw CheckpointError.doesNotFit(
                path: folder, problem: "\(name) has the shape \(weight.shape), the run needs \(shape)")
        }
        try weight.requireFinite(in: folder)
        return weight.widened()
    }

    private func checkKind(of folder: String) throws {
        let holdsAdapter = FileSystem.isFile("\(folder)/\(Adapter.weightsName)")
        if adapter != nil, !holdsAdapter {
            throw CheckpointError.doesNotFit(
                path: folder,
                problem: "it holds a whole model, and this run trains an adapter (start from it by "
                    + "`model_name_or_path`, or go on with `finetuning_type: full`)")
        }
        if adapter == nil, holdsAdapter {
            throw CheckpointError.doesNotFit(
                path: folder,
                problem: "it holds an adapter, and this run trains the model itself (give it as "
                    + "`adapter_name_or_path` with `finetuning_type: lora`)")
        }
    }
}

extension TrainableModel {
    /// What a method makes of the base.
    struct Parts {
        var base: DecoderModel
        var adapter: Adapter?
    }

    /// Loads the base and makes trainable what the method trains.
    ///
    /// - Parameters:
    ///   - folders: the adapters' folders, in order
    ///   - text: the run's tokenizer; nil where nothing but the model's own files is looked at
    init(
        _ configuration: RunConfiguration, modelFolder: String, adapterFolders folders: [String],
        text: RunTokenizer?, note: (String) -> Void
    ) throws {
        var modelConfiguration = try ModelConfiguration(directory: modelFolder)
        generation = try GenerationDefaults(directory: modelFolder, configuration: modelConfiguration)
        // An adapter is saved without these files.
        if !configuration[Parameters.finetuningType].trainsAdapter, let specialTokens = text?.specialTokens {
            let changes = specialTokens.align(&modelConfiguration, &generation)
            if !changes.isEmpty {
                note("the model's files take over the tokenizer's tokens: \(changes.joined(separator: ", "))")
            }
        }
        if let quantization = modelConfiguration.quantization,
            let change = configuration.changeOfBase(adapters: folders.count)
        {
            throw TuningError.packedBase(quantization: type(of: quantization).method, change: change)
        }
        try modelConfiguration.adopt(configuration, adapterFolders: folders, note: note)
        let growth = try text.flatMap {
            try $0.newTokens.growth(for: $0.tokenizer, modelRows: modelConfiguration.vocabularySize)
        }
        if let growth { note(growth.line(before: modelConfiguration.vocabularySize)) }
        source = (modelConfiguration, growth)
        let method = try TuningMethods.named(configuration[Parameters.finetuningType])
        let parts = try withoutActuallyEscaping(note) { note in
            try method.prepare(
                TuningStart(
                    configuration: configuration, modelConfiguration: modelConfiguration, modelFolder: modelFolder,
                    adapterFolders: folders, growth: growth, trainsVocabulary: text?.newTokens.resizes ?? false,
                    note: note))
        }
        base = parts.base
        adapter = parts.adapter
        for warning in base.configuration.warnings { note(warning) }
    }
}

extension RunConfiguration {
    /// What a run does to the base's weights; nil where it leaves them as they are.
    fileprivate func changeOfBase(adapters: Int) -> String? {
        guard self[Parameters.finetuningType] == .lora else {
            return "`finetuning_type: \(self[Parameters.finetuningType].rawValue)`"
        }
        if self[Parameters.pissaInit] { return "`pissa_init`" }
        if self[Parameters.resizeVocab] { return "`resize_vocab`" }
        if adapters > 1 || adapters == 1 && self[Parameters.createNewAdapter] {
            return "merging adapters into it (`adapter_name_or_path`)"
        }
        return nil
    }
}

extension VocabularyGrowth {
    /// What people are told of it.
    fileprivate func line(before: Int) -> String {
        rows > before
            ? "the vocabulary grows from \(before) to \(rows) rows, \(tokens.count) of them for new tokens"
            : "\(tokens.count) new tokens take rows that no token had among the \(before)"
    }
}
