import Adapters
import ChatTemplates
import Checkpoints
import Glibc
import LanguageModels
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tensors
import Tokenization
import TrainingLoop

/// One model folder: its tokenizer, weights and adapters, each read when it is first needed.
///
/// A folder whose files were replaced since, as a new training run does, is read again.
final class ModelInMemory {
    let directory: String
    /// How the model is read.
    private let settings: ModelSettings
    /// By the folder they were read from: the model's own, or an adapter's whose vocabulary grew.
    private var tokenizers: [String: (identities: [FileIdentity?], value: Tokenizer)] = [:]
    private var fixedTokenizers: [String: Tokenizer] = [:]
    private var model: (identities: [FileIdentity?], value: DecoderModel)?
    private var adapters: [String: HeldAdapter] = [:]
    private var heads: [String: (identities: [FileIdentity?], value: ValueHead?)] = [:]
    private var uses = 0

    /// Adapters kept beside one base; the least recently used one goes when another comes.
    static let adapterLimit = 32

    private struct HeldAdapter {
        var identity: [FileIdentity?]
        var value: Adapter
        var warnings: [String]
        var lastUse: Int
    }

    init(directory: String, settings: ModelSettings = .none) {
        self.directory = directory
        self.settings = settings
    }

    var hasWeights: Bool { model != nil }

    /// - Parameter adapter: the folder of the adapter that is going to be used
    func loadedTokenizer(for adapter: String? = nil) throws -> Tokenizer {
        try loadedTokenizer(in: tokenizerFolder(adapter))
    }

    private func loadedTokenizer(in folder: String) throws -> Tokenizer {
        let identities = Tokenizer.fileNames.map { FileIdentity("\(folder)/\($0)") }
        if let known = tokenizers[folder], known.identities == identities { return known.value }
        fixedTokenizers = [:]
        let value = try Tokenizer(directory: folder)
        if tokenizers.count > Self.adapterLimit { tokenizers = [:] }
        tokenizers[folder] = (identities, value)
        return value
    }

    private func tokenizerFolder(_ adapter: String?) throws -> String {
        guard let adapter, try AdapterVocabulary.bringsTokenizer(adapter, toModelIn: directory) else {
            return directory
        }
        return adapter
    }

    /// The tokenizer with the stop tokens that a chat template brings.
    func tokenizer(fixedTo template: ChatTemplate, for adapter: String? = nil) throws -> Tokenizer {
        let folder = try tokenizerFolder(adapter)
        var fixed = try loadedTokenizer(in: folder)
        let key = "\(template.name) \(folder)"
        if let known = fixedTokenizers[key] { return known }
        _ = try template.fix(&fixed)
        fixedTokenizers[key] = fixed
        return fixed
    }

    func loadedModel() throws -> DecoderModel {
        let identities = identities(of: ["config.json", "model.safetensors", "model.safetensors.index.json"])
        if let model, model.identities == identities { return model.value }
        adapters = [:]
        model = nil
        try Self.verifyCheckpoint(directory, prefix: "model")
        let quantizer = settings == .none ? nil : try settings.configuration(model: directory).quantizer
        let value = try asAsked(DecoderModel.load(directory: directory, quantizer: quantizer))
        model = (identities, value)
        return value
    }

    /// The model with the positions and the depth that were asked for, the same weights.
    private func asAsked(_ model: DecoderModel) throws -> DecoderModel {
        guard settings != .none else { return model }
        var changed = model.configuration
        try changed.adoptForInference(settings.configuration(model: directory))
        return try model.reconfigured(changed)
    }

    /// The value head in a folder of this model's or of an adapter's; nil if there is none.
    func valueHead(_ folder: String) throws -> ValueHead? {
        let configuration = try loadedModel().configuration
        let identities = [FileIdentity("\(folder)/\(ValueHead.fileName)")]
        if let known = heads[folder], known.identities == identities { return known.value }
        try Self.verifyCheckpoint(folder, prefix: "value_head")
        let head = try ValueHead.load(directory: folder, for: configuration)
        heads[folder] = (identities, head)
        return head
    }

    private func identities(of names: [String]) -> [FileIdentity?] {
        if ModelFolder.isModelFile(directory) { return [FileIdentity(directory)] }
        return names.map { FileIdentity("\(directory)/\($0)") }
    }

    /// An adapter beside the weights, which stay as they are.
    func adapter(_ path: String) throws -> Adapter {
        let model = try loadedModel()
        uses += 1
        let identity = [Adapter.weightsName, AdapterConfiguration.fileName, PositionStretch.fileName].map {
            FileIdentity("\(path)/\($0)")
        }
        if let known = adapters[path], known.identity == identity {
            adapters[path]?.lastUse = uses
            return known.value
        }
        adapters[path] = nil
        try Self.verifyCheckpoint(path, prefix: "adapter_model")
        let loaded = try Adapter.load(
            directory: path, for: asAsked(model.stretched(asBeside: path).fitting(adapterIn: path)))
        while adapters.count >= Self.adapterLimit,
            let oldest = adapters.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            adapters[oldest] = nil
        }
        adapters[path] = HeldAdapter(
            identity: identity, value: loaded.adapter, warnings: loaded.warnings, lastUse: uses)
        return loaded.adapter
    }

    /// What the files of what is in memory say in vain.
    var warnings: [String] {
        (tokenizers[directory]?.value.warnings ?? []) + (model?.value.configuration.warnings ?? [])
    }

    func holds(_ adapter: String) -> Bool { adapters[adapter] != nil }

    func warnings(ofAdapter path: String) -> [String] { adapters[path]?.warnings ?? [] }

    /// Why numbers computed with the weights are none: the tensor that is to blame, or else the input.
    func causeOfNotFinite(_ what: String) throws -> any Error {
        do {
            try loadedModel().requireFinite(in: directory)
        } catch let error as NotFiniteTensor {
            return error
        }
        return ServiceError(
            .notFinite, "\(what) are infinite or not numbers, though all weights of \(directory) are finite")
    }

    /// Forgets an adapter; false when it was not there.
    func removeAdapter(_ path: String) -> Bool { adapters.removeValue(forKey: path) != nil }

    /// The adapters in memory, by their folders.
    var heldAdapters: [ResidentAdapter] {
        adapters.keys.sorted().compactMap { path in
            adapters[path].map { ResidentAdapter($0.value, path: path, model: directory) }
        }
    }

    /// Weights that lie in a checkpoint must be those that its manifest speaks of.
    private static func verifyCheckpoint(_ folder: String, prefix: String) throws {
        guard FileSystem.isFile("\(folder)/\(CheckpointManifest.fileName)") else { return }
        try CheckpointManifest.read(from: folder).verify(in: folder) {
            $0.hasPrefix(prefix) && $0.hasSuffix(".safetensors")
        }
    }
}

extension ResidentAdapter {
    init(_ adapter: Adapter, path: String, model: String) {
        self.init(
            adapter: path, model: model, rank: adapter.configuration.rank, modules: adapter.modules.count,
            bytes: adapter.parameters.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride)
    }
}

/// What tells a file from another that has taken its name.
private struct FileIdentity: Equatable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil when there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
