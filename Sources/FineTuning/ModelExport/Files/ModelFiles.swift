import JSONDocuments
import LanguageModels
import LinuxSystem
import Tokenization
import WeightFiles

/// The files beside the weights: configurations, tokenizer, what multimodal processors read, value heads.
enum ModelFiles {
    static let configuration = "config.json"
    static let generation = "generation_config.json"
    /// What processors of images, video and sound read beside the tokenizer.
    private static let processor = [
        "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json", "chat_template.json",
    ]
    private static let mostBytes = 64 << 20

    static func configurations(of source: ExportSource) -> [ExportFile] {
        var values = source.configuration.saved(weightFormat: source.format)
        values["use_cache"] = true
        for (key, value) in source.configurationKeys { values[key] = value }
        return [
            ExportFile(name: configuration, bytes: text(values)),
            ExportFile(name: generation, bytes: text(source.generation.saved)),
        ]
    }

    /// The tokenizer's files; it pads at the left, as generation needs.
    static func tokenizer(_ tokenizer: Tokenizer) throws -> [ExportFile] {
        var tokenizer = tokenizer
        tokenizer.setPaddingSide("left")
        return try tokenizer.files().map { ExportFile(name: $0.name, bytes: $0.contents) }
    }

    static func processor(in modelFolder: String) throws -> [ExportFile] {
        try processor.filter { FileSystem.isFile("\(modelFolder)/\($0)") }.map { name in
            ExportFile(name: name, bytes: try MappedFile.contents(of: "\(modelFolder)/\(name)", limit: mostBytes))
        }
    }

    /// The value head of the last folder that has one.
    ///
    /// - Parameter folders: the model's, then the adapters'
    static func valueHead(in folders: [String]) throws -> [ExportFile] {
        guard let folder = folders.last(where: { FileSystem.isFile("\($0)/\(ValueHead.fileName)") }) else { return [] }
        let bytes = try MappedFile.contents(of: "\(folder)/\(ValueHead.fileName)", limit: mostBytes)
        return [ExportFile(name: ValueHead.fileName, bytes: bytes)]
    }

    private static func text(_ value: JSONValue) -> [UInt8] {
        value.serializedBytes(.indented(2), sortedKeys: true) + [UInt8(ascii: "\n")]
    }
}
