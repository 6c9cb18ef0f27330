import Adapters
import ChatTemplates
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import Tokenization
import TrainingLoop
import WeightFiles

/// What an export is made from: a base, the adapters that go into it, and the tokenizer fixed to its template.
struct ExportOrigin {
    let source: ExportSource
    /// The base's folder, then the adapters'.
    let folders: [String]
    private let base: DecoderModel
    private let adapters: [Adapter]
    private let weights: CheckpointWeights
    /// Nil for a model without one.
    private let text: RunTokenizer?

    private static let sample = "The quick brown fox jumps over the lazy dog. 0123456789"

    init(_ configuration: RunConfiguration, paths: PathResolver, note: (String) -> Void) throws {
        let modelFolder = try paths.modelFolder(
            configuration[Parameters.modelNameOrPath] ?? "", parameter: "model_name_or_path")
        let adapterFolders = try paths.adapterFolders(configuration)
        folders = [modelFolder] + adapterFolders
        let model = try ModelConfiguration(directory: modelFolder)
        if let packing = model.quantization.map({ type(of: $0).method })
            ?? (GGUFFile.isNamed(by: modelFolder) ? "a GGUF file" : nil)
        {
            throw ExportError.packedBase(path: modelFolder, packing: packing)
        }
        weights = try CheckpointWeights(directory: modelFolder)
        var loaded = try DecoderModel.load(model, weights: weights)
        // The vocabulary and the positions that the adapters were trained with, or the positions that are asked for.
        for folder in adapterFolders { loaded = try loaded.fitting(adapterIn: folder).stretched(asBeside: folder) }
        var asked = loaded.configuration
        try asked.adoptForInference(configuration)
        base = try loaded.reconfigured(asked)
        for warning in base.configuration.warnings { note(warning) }
        var rest = adapterFolders[...]
        var adapters: [Adapter] = []
        let chain = try AdapterChain(base: base) { model in
            guard let folder = rest.popFirst() else { return nil }
            let loaded = try Adapter.load(directory: folder, for: model)
            for warning in loaded.warnings { note("\(folder): \(warning)") }
            adapters.append(loaded.adapter)
            return loaded.adapter
        }
        self.adapters = adapters
        var source = ExportSource(
            chain, weights: weights,
            generation: try GenerationDefaults(directory: modelFolder, configuration: base.configuration),
            storedAs: configuration.exportFormat(of: model), modelFolder: modelFolder)
        if FileSystem.isFile("\(modelFolder)/tokenizer.json") {
            text = try RunTokenizer(
                configuration, modelFolder: modelFolder, adapterFolders: adapterFolders, paths: paths)
            for warning in text?.warnings ?? [] { note(warning) }
        } else {
            text = nil
            note("\(modelFolder) has no tokenizer.json, so the export has no tokenizer")
        }
        source.tokenizer = text?.tokenizer
        self.source = source
        weights.forgetPages()
    }

    /// The model with its adapters inside.
    func mergedModel() throws -> DecoderModel {
        adapters.isEmpty ? base : try DecoderModel(source.configuration, source: MergedTensors(source.tensors))
    }

    /// Refuses a target that is one of the folders read from.
    func requireDifferent(from target: String) throws {
        guard let place = FileSystem.canonicalPath(target) else { return }
        for (number, folder) in folders.enumerated() where FileSystem.canonicalPath(folder) == place {
            throw ExportError.targetIsSource(
                path: target, parameter: number == 0 ? "model_name_or_path" : "adapter_name_or_path")
        }
    }

    /// The files beside the weights; `config.json` comes last.
    func companions(of source: ExportSource) throws -> [ExportFile] {
        var files: [ExportFile] = []
        if let text {
            files += try ModelFiles.tokenizer(text.tokenizer)
            files.append(
                ExportFile(
                    name: OllamaModelfile.name, bytes: Array(OllamaModelfile.text(text.template, text.tokenizer).utf8)))
        }
        files += try ModelFiles.processor(in: source.modelFolder)
        files += try ModelFiles.valueHead(in: folders)
        return files + ModelFiles.configurations(of: source)
    }

    /// What a written model is held against: the base with the last adapter beside it, and those before it inside.
    func subject() throws -> ExportProof.Subject {
        var model = base
        for adapter in adapters.dropLast() { model = try adapter.merged(into: model) }
        let last = adapters.last
        if let last { model = try last.placed(in: model) }
        return ExportProof.Subject(model, branches: last?.branches) { [weights] in weights.forgetPages() }
    }

    /// A text that the written tokenizer makes the same ids of, with these.
    ///
    /// - Throws: `ExportError.differs`
    func comparedText(with folder: String) throws -> (text: String, ids: [Int32])? {
        guard let text else { return nil }
        let sample = Self.sample + text.template.stopWords.joined()
        let (ids, found) = (
            try text.tokenizer.encode(sample), try Tokenizer(directory: folder).encode(sample)
        )
        guard ids == found else {
            throw ExportError.differs(what: "its tokenizer makes \(found) of \"\(sample)\", not \(ids)")
        }
        return (sample, ids)
    }

    /// The texts on which perplexities are compared; nil where none are given.
    func perplexity(_ configuration: RunConfiguration, workingDirectory: String?) throws -> ExportPerplexity? {
        try text.flatMap { try ExportPerplexity(configuration, $0, workingDirectory: workingDirectory) }
    }

    /// A plain text and a question in the template's form.
    func prompts() throws -> [[Int32]] {
        let vocabulary = Int32(clamping: source.configuration.vocabularySize)
        guard let text else { return [Array(Int32(0)..<min(8, vocabulary))] }
        let dialog = Dialog(messages: [ChatMessage(role: .user, content: Self.sample)])
        return [
            try text.tokenizer.encode(Self.sample, addingSpecialTokens: true),
            try text.template.prompt(for: dialog, with: text.tokenizer),
        ].map { ids in ids.filter { $0 < vocabulary } }.filter { !$0.isEmpty }
    }
}

extension RunConfiguration {
    /// `infer_dtype`, else what the base's configuration says, else float16.
    func exportFormat(of model: ModelConfiguration) -> WeightFormat {
        // The other tensors of a quantized model are as exact as its scales.
        if self[Parameters.exportQuantizationBit] != nil { return .float16 }
        return switch self[Parameters.inferDtype] {
        case .auto: model.weightFormat ?? .float16
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }
}

/// Merged tensors as weights in memory.
private struct MergedTensors: TensorSource {
    private let tensors: [String: TensorToWrite]

    init(_ tensors: [TensorToWrite]) {
        self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    }

    func tensor(_ place: TensorPlace) throws -> Matrix {
        guard let tensor = tensors[place.name], let format = tensor.type.weightFormat else {
            throw WeightFileError.missing(tensor: place.name, shape: place.shape, directory: "the merged model")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tensor.byteCount)
        try tensor.bytes { bytes.append(contentsOf: $0) }
        return .frozen(try Weight(name: place.name, format: format, shape: tensor.shape, copying: bytes))
    }
}
