import JSONDocuments

// Keys of a model's files that would change numbers and are not followed: each is refused, or named in a warning.
extension ConfigurationReader {
    /// What config.json says in vain.
    ///
    /// - Throws: `ModelConfigurationError` for what no answer would be right without
    func disregarded() throws -> [String] {
        for (key, ordinary) in [("is_causal", true), ("use_bidirectional_attention", false)]
        where try flag(key, default: ordinary) != ordinary {
            throw ModelConfigurationError.unsupported(
                key: key, value: "\(!ordinary)", supported: ["\(ordinary) (tokens see those before them)"], file: file)
        }
        if let heads = object["pruned_heads"]?.object, !heads.isEmpty {
            throw wrong("pruned_heads", "empty", .object(heads))
        }
        var warnings: [String] = []
        let dropout = try number("attention_dropout", default: 0)
        if dropout != 0 {
            warnings.append("\(file): 'attention_dropout' is \(dropout), which training does not apply")
        }
        if let map = object["auto_map"], !map.isNull {
            warnings.append("\(file): 'auto_map' names code of its own, which is not run; 'model_type' decides")
        }
        return warnings + disregardedRotation()
    }

    private func disregardedRotation() -> [String] {
        let everywhere: Set = ["rope_type", "type", "rope_theta", "partial_rotary_factor"]
        let ofTypes: [String: Set<String>] = [
            "linear": ["factor"], "dynamic": ["factor", "original_max_position_embeddings"],
            "longrope": [
                "factor", "original_max_position_embeddings", "attention_factor", "short_factor", "long_factor",
            ],
            "llama3": ["factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"],
            "yarn": [
                "factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow", "mscale",
                "mscale_all_dim", "truncate",
            ],
        ]
        return ["rope_scaling", "rope_parameters"].flatMap { name -> [String] in
            guard let outer = object[name]?.object else { return [] }
            // One object for all layers, or one for each kind of them.
            let kinds = outer.compactMap { $0.value.object }
            return (kinds.isEmpty ? [outer] : kinds).flatMap { given in
                let type = (given["rope_type"] ?? given["type"])?.string ?? "default"
                let known = everywhere.union(ofTypes[type == "su" ? "longrope" : type] ?? [])
                return given.compactMap { key, value in
                    known.contains(key) || value.isNull
                        ? nil : "\(file): '\(key)' of '\(name)' means nothing to the rotation '\(type)'"
                }
            }
        }
    }
}

extension GenerationDefaults {
    /// Keys of generation_config.json that change what is generated, with the values that change nothing.
    private static let unavailable: [(key: String, neutral: JSONValue)] = [
        ("bad_words_ids", .null), ("begin_suppress_tokens", .null), ("constraints", .null), ("dola_layers", .null),
        ("encoder_no_repeat_ngram_size", 0), ("encoder_repetition_penalty", 1), ("epsilon_cutoff", 0),
        ("eta_cutoff", 0), ("exponential_decay_length_penalty", .null), ("force_words_ids", .null),
        ("forced_bos_token_id", .null), ("forced_eos_token_id", .null), ("guidance_scale", 1), ("max_time", .null),
        ("min_length", 0), ("min_new_tokens", .null), ("min_p", 0), ("no_repeat_ngram_size", 0),
        ("penalty_alpha", 0), ("remove_invalid_values", false), ("sequence_bias", .null), ("stop_strings", .null),
        ("suppress_tokens", .null), ("token_healing", false), ("top_h", .null), ("typical_p", 1),
        ("watermarking_config", .null),
    ]

    /// What generation_config.json asks for in vain.
    package var warnings: [String] {
        Self.unavailable.compactMap { key, neutral in
            guard let value = source[key], !value.isNull, value != neutral, value.array?.isEmpty != true else {
                return nil
            }
            // 1 and 1.0 are one number.
            if let number = value.double, number == neutral.double { return nil }
            return "generation_config.json: '\(key)' is \(value.serialized(.spaced)), which is not available yet; "
                + "answers are made without it"
        }
    }
}
