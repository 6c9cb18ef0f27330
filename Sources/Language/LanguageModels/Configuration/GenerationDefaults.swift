package import JSONDocuments
import LinuxSystem
import WeightFiles

/// A model's own wishes for generation: `generation_config.json`, or what `config.json` says without one.
package struct GenerationDefaults: Sendable {
    package var endTokens: [Int32]
    package var beginToken: Int32?
    package var paddingToken: Int32?
    package var samples: Bool?
    package var temperature: Double?
    package var topK: Int?
    package var topP: Double?
    package var repetitionPenalty: Double?
    /// Every key as it was read.
    package var source: JSONObject

    package init(directory: String, configuration: ModelConfiguration) throws {
        let file = "\(directory)/generation_config.json"
        do {
            let bytes = try MappedFile.contents(of: file, limit: 16 << 20)
            guard let object = try JSONValue(parsing: bytes).object else {
                throw ModelConfigurationError.wrongValue(
                    key: "the whole file", expected: "an object", found: "something else", file: file)
            }
            try self.init(ConfigurationReader(object: object, file: file), configuration)
        } catch let error as SystemError where error.isNotFound {
            // Older models have no such file, and GGUF files are no folders.
            try self.init(ConfigurationReader(object: [:], file: file), configuration)
        } catch let error as JSONError {
            throw WeightFileError.indexNotJSON(file: file, error: error)
        }
    }

    private init(_ reader: ConfigurationReader, _ configuration: ModelConfiguration) throws {
        let ends = try reader.tokens("eos_token_id")
        endTokens = ends.isEmpty ? configuration.endTokens : ends
        beginToken = try reader.tokens("bos_token_id").first ?? configuration.beginToken
        paddingToken = try reader.tokens("pad_token_id").first ?? configuration.paddingToken
        samples = reader.object["do_sample"]?.bool
        temperature = reader.object["temperature"]?.double
        topK = reader.object["top_k"]?.integer.flatMap { Int(exactly: $0) }
        topP = reader.object["top_p"]?.double
        repetitionPenalty = reader.object["repetition_penalty"]?.double
        source = reader.object
    }

    /// The file of a saved model: as read, but with sampling on where only sampling explains the other keys.
    package var saved: JSONValue {
        var object = source
        if object.isEmpty {
            object["_from_model_config"] = true
            if let beginToken { object["bos_token_id"] = .integer(Int64(beginToken)) }
            let ends = endTokens.map { JSONValue.integer(Int64($0)) }
            if let first = ends.first { object["eos_token_id"] = ends.count == 1 ? first : .array(ends) }
            if let paddingToken { object["pad_token_id"] = .integer(Int64(paddingToken)) }
        }
        let shapesSampling = ["temperature", "top_p", "typical_p"].contains { key in
            object[key]?.double.map { $0 != 1 } ?? false
        }
        if samples == false || samples == nil, shapesSampling { object["do_sample"] = true }
        return .object(object)
    }
}
