import Adapters
import ChatTemplates
import Glibc
import LanguageModels
import Tensors
import Tokenization

/// One model folder: its tokenizer, weights and adapters, each read when it is first needed.
///
/// A folder whose files were replaced since, as a new training run does, is read again.
final class ModelInMemory {
    let directory: String
    private var tokenizer: (identity: FileIdentity?, value: Tokenizer)?
    private var fixedTokenizers: [String: Tokenizer] = [:]
    private var model: (identity: FileIdentity?, value: DecoderModel)?
    private var adapters: [String: (identity: FileIdentity?, value: LoRAAdapter)] = [:]

    init(directory: String) { self.directory = directory }

    var hasWeights: Bool { model != nil }

    func loadedTokenizer() throws -> Tokenizer {
        let identity = FileIdentity("\(directory)/tokenizer.json")
        if let tokenizer, tokenizer.identity == identity { return tokenizer.value }
        fixedTokenizers = [:]
        let value = try Tokenizer(directory: directory)
        tokenizer = (identity, value)
        return value
    }

    /// The tokenizer with the stop tokens that a chat template brings.
    func tokenizer(fixedTo template: ChatTemplate) throws -> Tokenizer {
        var fixed = try loadedTokenizer()
        if let known = fixedTokenizers[template.name] { return known }
        _ = try template.fix(&fixed)
        fixedTokenizers[template.name] = fixed
        return fixed
    }

    func loadedModel() throws -> DecoderModel {
        let identity = FileIdentity("\(directory)/model.safetensors", or: "\(directory)/model.safetensors.index.json")
        if let model, model.identity == identity { return model.value }
        adapters = [:]
        model = nil
        let value = try DecoderModel.load(directory: directory)
        model = (identity, value)
        return value
    }

    /// An adapter beside the weights, which stay as they are.
    func adapter(_ path: String) throws -> LoRAAdapter {
        let model = try loadedModel()
        let identity = FileIdentity("\(path)/\(LoRAAdapter.weightsName)")
        if let known = adapters[path], known.identity == identity { return known.value }
        let value = try LoRAAdapter.load(directory: path, for: model).adapter
        adapters[path] = (identity, value)
        return value
    }
}

/// What tells a file from another that has taken its name.
private struct FileIdentity: Equatable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil when there is neither file.
    init?(_ path: String, or other: String? = nil) {
        var status = stat()
        guard stat(path, &status) == 0 || (other.map { stat($0, &status) == 0 } ?? false) else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
