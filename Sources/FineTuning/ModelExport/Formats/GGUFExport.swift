import LanguageModels
package import RunConfiguration
import Tokenization
import WeightFiles
package import Tensors

/// `model.gguf` beside the other files (`export_gguf`): what llama.cpp and its kin read.
package enum GGUFExport: ExportFormat {
    private static let name = "model.gguf"

    package static func isWanted(by configuration: RunConfiguration) -> Bool {
        configuration[Parameters.exportGGUF] != nil
    }

    package static func owns(_ file: String) -> Bool { file == name }

    package static func notes(of source: ExportSource, _ configuration: RunConfiguration) throws -> [String] {
        try writing(source, configuration).notes
    }

    package static func files(of source: ExportSource, _ configuration: RunConfiguration) throws -> [ExportFile] {
        let writing = try writing(source, configuration)
        guard let tokenizer = source.tokenizer else { throw ExportError.noTokenizer(for: name) }
        let vocabulary = try tokenizer.ggufMetadata(
            size: source.configuration.vocabularySize, endTokens: source.generation.endTokens)
        let numbers = source.tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
        let title = source.modelFolder.split(separator: "/").last.map(String.init) ?? name
        return [
            ExportFile(name: name, byteCount: writing.type.byteCount(numbers)) { append in
                try writing.write(name: title, tensors: source.tensors, vocabulary: vocabulary, append: append)
            }
        ]
    }

    private static func writing(
        _ source: ExportSource, _ configuration: RunConfiguration
    ) throws -> GGUFModelWriting {
        try GGUFModelWriting(source.configuration, type: type(configuration))
    }

    private static func type(_ configuration: RunConfiguration) -> GGUFTensorType {
        configuration[Parameters.exportGGUF].flatMap(GGUFTensorType.init(name:)) ?? .float16
    }

    /// Blocks of few bits answer otherwise than what they are made of.
    package static func rounding(_ format: WeightFormat, _ configuration: RunConfiguration) -> WeightFormat? {
        switch type(configuration) {
        case .float32: format
        case .bfloat16: .bfloat16
        case .float16: format == .bfloat16 ? .bfloat16 : .float16
        case .q8_0, .q4_0: nil
        }
    }

    package static func written(in folder: String) throws -> WrittenModel {
        WrittenModel(model: try DecoderModel.load(directory: "\(folder)/\(name)"), forgetPages: {})
    }
}
