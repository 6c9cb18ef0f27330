package import JSONDocuments
package import Tensors

extension ModelConfiguration {
    /// The `config.json` of a checkpoint with these weights: every key read, with what has changed since.
    ///
    /// The storage type and the rotary parameters are written in the spelling of transformers 4 and of transformers 5,
    /// so that both read the same model.
    package func saved(weightFormat: WeightFormat) -> JSONValue {
        var object = source
        object["architectures"] = [.string(family.architecture)]
        object["model_type"] = .string(family.modelType)
        object["vocab_size"] = .integer(Int64(vocabularySize))
        object["tie_word_embeddings"] = .bool(tiesEmbeddings)
        object["max_position_embeddings"] = .integer(Int64(maximumPositions))
        object["dtype"] = .string(weightFormat.rawValue)
        object["torch_dtype"] = .string(weightFormat.rawValue)
        object["rope_theta"] = .number(rotary.theta)
        let scaling = rotary.scaling.saved
        object["rope_scaling"] = scaling.map { .object($0) } ?? .null
        var parameters = scaling ?? ["rope_type": "default"]
        parameters["rope_theta"] = .number(rotary.theta)
        if rotary.dimensions != headSize {
            let share = JSONValue.number(Double(rotary.dimensions) / Double(headSize))
            object["partial_rotary_factor"] = share
            parameters["partial_rotary_factor"] = share
        }
        object["rope_parameters"] = .object(parameters)
        return .object(object)
    }
}

extension RotaryScaling {
    /// The `rope_scaling` object; nil when nothing is scaled.
    fileprivate var saved: JSONObject? {
        switch self {
        case .none: nil
        case .linear(let factor): ["rope_type": "linear", "factor": .number(factor)]
        case .dynamic(let factor): ["rope_type": "dynamic", "factor": .number(factor)]
        case .llama3(let factor, let low, let high, let original):
            [
                "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
                "high_freq_factor": .number(high), "original_max_position_embeddings": .integer(Int64(original)),
            ]
        case .yarn(let yarn):
            [
                "rope_type": "yarn", "factor": .number(yarn.factor),
                "original_max_position_embeddings": .integer(Int64(yarn.originalPositions)),
                "beta_fast": .number(yarn.betaFast), "beta_slow": .number(yarn.betaSlow),
                "truncate": .bool(yarn.truncate), "attention_factor": .number(yarn.attentionFactor),
            ]
        }
    }
}
