package import LanguageModels
import LinuxSystem
import WeightFiles

/// How many tokens an adapter was trained with, by the copies of embedding and output head that it brings.
package enum AdapterVocabulary {
    /// Rows of the larger copy; nil where the adapter brings none, or has no file of weights.
    ///
    /// - Throws: what reading the file's header throws
    package static func rows(in directory: String, for model: ModelConfiguration) throws -> Int? {
        let path = "\(directory)/adapter_model.safetensors"
        guard FileSystem.isFile(path) else { return nil }
        let copies = try SafetensorsFile(path: path).records.filter { record in
            record.shape.count == 2 && record.shape[1] == model.hiddenSize
                && ["embed_tokens.weight", "lm_head.weight"].contains { record.name.hasSuffix($0) }
        }
        return copies.map { $0.shape[0] }.max()
    }

    /// Whether an adapter was trained with more tokens than its model has, and has the tokenizer that knows them.
    package static func bringsTokenizer(_ directory: String, toModelIn folder: String) throws -> Bool {
        guard FileSystem.isFile("\(directory)/tokenizer.json") else { return false }
        let model = try ModelConfiguration(directory: folder)
        return try rows(in: directory, for: model).map { $0 > model.vocabularySize } ?? false
    }
}

extension DecoderModel {
    /// The model with as many rows in embedding and output head as an adapter's copies of them have.
    ///
    /// The rows that are new are means of the others, until the adapter's copies take their place.
    package func fitting(adapterIn directory: String) throws -> DecoderModel {
        guard let rows = try AdapterVocabulary.rows(in: directory, for: configuration),
            rows > configuration.vocabularySize
        else { return self }
        return try growing(VocabularyGrowth(rows: rows))
    }
}
