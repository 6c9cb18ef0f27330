package import JSONDocuments
package import Tensors

extension ModelConfiguration {
    /// The `config.json` of a checkpoint with these weights: every key read, with what has changed since.
    ///
    /// The storage type and the rotary parameters are written in the spelling of transformers 4 and of transformers 5,
    /// so that both read the same model.
    package func saved(weightFormat: WeightFormat) -> JSONValue {
        var object = source
        object["architectures"] = [.string(skipsDepth ? family.depthArchitecture : family.architecture)]
        object["model_type"] = .string(family.modelType)
        object["vocab_size"] = .integer(Int64(vocabularySize))
        object["tie_word_embeddings"] = .bool(tiesEmbeddings)
        object["max_position_embeddings"] = .integer(Int64(maximumPositions))
        object["dtype"] = .string(weightFormat.rawValue)
        object["torch_dtype"] = .string(weightFormat.rawValue)
        if let expertBalanceWeight {
            object["output_router_logits"] = true
            object["router_aux_loss_coef"] = .number(expertBalanceWeight)
        }
        object["rope_theta"] = .number(rotary.theta)
        object["rope_scaling"] = rotary.scaling.saved.map { .object($0) } ?? .null
        var parameters = rotary.savedParameters
        if let localRotary {
            object["rope_local_base_freq"] = .number(localRotary.theta)
            parameters = [
                "full_attention": .object(parameters), "sliding_attention": .object(localRotary.savedParameters),
            ]
        } else if rotary.dimensions != headSize {
            let share = JSONValue.number(Double(rotary.dimensions) / Double(headSize))
            object["partial_rotary_factor"] = share
            parameters["partial_rotary_factor"] = share
        }
        object["rope_parameters"] = .object(parameters)
        return .object(object)
    }
}

extension RotaryFrequencies {
    /// The `rope_parameters` of one kind of layers.
    fileprivate var savedParameters: JSONObject {
        var parameters = scaling.saved ?? ["rope_type": "default"]
        parameters["rope_theta"] = .number(theta)
        return parameters
    }
}

extension RotaryScaling {
    /// The `rope_scaling` object; nil when nothing is scaled.
    fileprivate var saved: JSONObject? {
        switch self {
        case .none: nil
        case .linear(let factor): ["rope_type": "linear", "factor": .number(factor)]
        case .dynamic(let factor, let original):
            original.map {
                [
                    "rope_type": "dynamic", "factor": .number(factor),
                    "original_max_position_embeddings": .integer(Int64($0)),
                ]
            } ?? ["rope_type": "dynamic", "factor": .number(factor)]
        case .llama3(let factor, let low, let high, let original):
            [
                "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
                "high_freq_factor": .number(high), "original_max_position_embeddings": .integer(Int64(original)),
            ]
        case .longrope(let longrope):
            [
                "rope_type": "longrope", "short_factor": .array(longrope.short.map { .number($0) }),
                "long_factor": .array(longrope.long.map { .number($0) }),
                "original_max_position_embeddings": .integer(Int64(longrope.originalPositions)),
                "attention_factor": .number(longrope.attentionFactor),
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
