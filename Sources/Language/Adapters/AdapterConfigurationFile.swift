package import JSONDocuments
import LinuxSystem

extension AdapterConfiguration {
    package static let fileName = "adapter_config.json"

    /// Reads the file that PEFT or we have written.
    package init(directory: String) throws {
        let file = "\(directory)/\(Self.fileName)"
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try MappedFile.contents(of: file, limit: 16 << 20)
        } catch {
            guard error.isNotFound else { throw error }
            throw AdapterError.missingFile(directory: directory, lookedFor: Self.fileName)
        }
        do {
            try self.init(JSONValue(parsing: bytes), file: file)
        } catch let error as JSONError {
            throw AdapterError.notJSON(file: file, error: error)
        }
    }

    /// Absent keys take PEFT's defaults; unknown ones that say something are named in a warning, since PEFT adds new ones
    /// with every release.
    package init(_ value: JSONValue, file: String = fileName) throws {
        guard let object = value.object else {
            throw AdapterError.wrongValue(
                key: "the whole file", expected: "an object", found: value.kindName, file: file)
        }
        let reader = Reader(object: object, file: file)
        try reader.refuseWhatIsNotAvailable()
        baseModel = try reader.text("base_model_name_or_path")
        revision = try reader.text("revision")
        rank = try reader.rank(object["r"] ?? 8, "r")
        alpha = try reader.number("lora_alpha", default: 8)
        dropout = try reader.number("lora_dropout", default: 0)
        guard (0..<1).contains(dropout) else {
            throw reader.wrong("lora_dropout", "from 0 to below 1", .number(dropout))
        }
        usesRankStabilization = try reader.flag("use_rslora")
        usesDoRA = try reader.flag("use_dora")
        switch try reader.modules("modules_to_save") {
        case .names(let names): modulesToSave = names
        case nil: modulesToSave = []
        case .expression: throw reader.wrong("modules_to_save", "a list of names", object["modules_to_save"] ?? .null)
        }
        guard let targets = try reader.modules("target_modules") else {
            throw reader.wrong("target_modules", "a list of names or an expression", .null)
        }
        targetModules = targets
        excludedModules = try reader.modules("exclude_modules")
        layers = try reader.layers("layers_to_transform")
        rankPattern = try reader.pattern("rank_pattern") { try reader.rank($0, "rank_pattern") }
        alphaPattern = try reader.pattern("alpha_pattern") { value in
            guard let number = value.double else { throw reader.wrong("alpha_pattern", "numbers", value) }
            return number
        }
        let known = json.object ?? [:]
        for (key, value) in object where !known.contains(key) && !Reader.saysNothing(value) {
            let said = value.serialized(.spaced)
            warnings.append("\(file): '\(key)' is \(said), which is not known here; the adapter is used without")
        }
    }

    /// Every key that PEFT 0.18.1 writes, sorted.
    package var json: JSONValue {
        func number(_ value: Double) -> JSONValue {
            Int64(exactly: value).map { .integer($0) } ?? .number(value)
        }
        func modules(_ modules: TargetModules?) -> JSONValue {
            switch modules {
            case .names(let names): .array(names.map { .string($0) })
            case .expression(let text): .string(text)
            case nil: .null
            }
        }
        let ranks = rankPattern.map { (key: $0.pattern, value: JSONValue.integer(Int64($0.value))) }
        let alphas = alphaPattern.map { (key: $0.pattern, value: number($0.value)) }
        return [
            "alora_invocation_tokens": .null,
            "alpha_pattern": .object(JSONObject(alphas)),
            "arrow_config": .null,
            "auto_mapping": .null,
            "base_model_name_or_path": baseModel.map { .string($0) } ?? .null,
            "bias": "none",
            "corda_config": .null,
            "ensure_weight_tying": false,
            "eva_config": .null,
            "exclude_modules": modules(excludedModules),
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "layer_replication": .null,
            "layers_pattern": .null,
            "layers_to_transform": layers.map { .array($0.map { .integer(Int64($0)) }) } ?? .null,
            "loftq_config": [:],
            "lora_alpha": number(alpha),
            "lora_bias": false,
            "lora_dropout": .number(dropout),
            "megatron_config": .null,
            "megatron_core": "megatron.core",
            "modules_to_save": modulesToSave.isEmpty ? .null : .array(modulesToSave.map { .string($0) }),
            "peft_type": "LORA",
            "peft_version": "0.18.1",
            "qalora_group_size": 16,
            "r": .integer(Int64(rank)),
            "rank_pattern": .object(JSONObject(ranks)),
            "revision": revision.map { .string($0) } ?? .null,
            "target_modules": modules(targetModules),
            "target_parameters": .null,
            "task_type": "CAUSAL_LM",
            "trainable_token_indices": .null,
            "use_dora": .bool(usesDoRA),
            "use_qalora": false,
            "use_rslora": .bool(usesRankStabilization),
        ]
    }

    /// The text of the file.
    package var fileBytes: [UInt8] { json.serializedBytes(.indented(2), sortedKeys: true) }
}

/// Typed access to a file that is not trusted.
private struct Reader {
    let object: JSONObject
    let file: String

    func wrong(_ key: String, _ expected: String, _ value: JSONValue) -> AdapterError {
        .wrongValue(key: key, expected: expected, found: value.serialized(.compact), file: file)
    }

    static func saysNothing(_ value: JSONValue) -> Bool {
        value.isNull || value == false || value.array?.isEmpty == true || value.object?.isEmpty == true
    }

    func text(_ key: String) throws -> String? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let text = value.string else { throw wrong(key, "a text", value) }
        return text
    }

    func flag(_ key: String) throws -> Bool {
        guard let value = object[key], !value.isNull else { return false }
        guard let flag = value.bool else { throw wrong(key, "true or false", value) }
        return flag
    }

    func number(_ key: String, default fallback: Double) throws -> Double {
        guard let value = object[key], !value.isNull else { return fallback }
        guard let number = value.double, number.isFinite else { throw wrong(key, "a number", value) }
        return number
    }

    func rank(_ value: JSONValue, _ key: String) throws -> Int {
        guard let rank = value.integer, (1...65536).contains(rank) else {
            throw wrong(key, "a rank from 1 to 65536", value)
        }
        return Int(rank)
    }

    func modules(_ key: String) throws -> TargetModules? {
        guard let value = object[key], !value.isNull else { return nil }
        if let text = value.string { return .expression(text) }
        guard let names = value.array?.compactMap(\.string), names.count == value.array?.count else {
            throw wrong(key, "a list of names or an expression", value)
        }
        return .names(names)
    }

    func layers(_ key: String) throws -> [Int]? {
        guard let value = object[key], !value.isNull else { return nil }
        return try (value.array ?? [value]).map { element in
            guard let layer = element.integer, (0...65536).contains(layer) else {
                throw wrong(key, "layer numbers", value)
            }
            return Int(layer)
        }
    }

    func pattern<Value>(
        _ key: String, _ read: (JSONValue) throws -> Value
    ) throws -> [(pattern: String, value: Value)] {
        guard let value = object[key], !value.isNull else { return [] }
        guard let entries = value.object else { throw wrong(key, "an object", value) }
        return try entries.map { (pattern: $0.key, value: try read($0.value)) }
    }

    /// Kinds of adapters whose files would load but compute something else here.
    func refuseWhatIsNotAvailable() throws {
        let kind = try text("peft_type") ?? "LORA"
        guard kind == "LORA" else {
            throw AdapterError.unsupported(key: "peft_type", value: kind, file: file, instead: "use a LoRA adapter")
        }
        for key in ["use_qalora", "lora_bias", "fan_in_fan_out"] where try flag(key) {
            throw AdapterError.unsupported(key: key, value: "true", file: file, instead: "merge it with PEFT first")
        }
        if try flag("ensure_weight_tying"), try modules("modules_to_save") != nil {
            throw AdapterError.unsupported(
                key: "ensure_weight_tying", value: "true", file: file, instead: "merge it with PEFT first")
        }
        try refuseChangedBases()
        let bias = try text("bias") ?? "none"
        guard bias == "none" else {
            throw AdapterError.unsupported(key: "bias", value: bias, file: file, instead: "merge it with PEFT first")
        }
        let mustBeEmpty = [
            "trainable_token_indices", "target_parameters", "layer_replication",
            "alora_invocation_tokens", "arrow_config", "megatron_config",
        ]
        for key in mustBeEmpty {
            guard let value = object[key], !value.isNull, value.array?.isEmpty != true, value.object?.isEmpty != true
            else { continue }
            throw AdapterError.unsupported(
                key: key, value: value.serialized(.compact), file: file, instead: "merge it with PEFT first")
        }
        if let value = object["layers_pattern"], !value.isNull, value.array?.isEmpty != true {
            throw AdapterError.unsupported(
                key: "layers_pattern", value: value.serialized(.compact), file: file,
                instead: "name the layers in target_modules")
        }
    }

    /// Ways to begin that change the weights of the base as well: what the adapter says holds beside the changed base
    /// only, which PEFT makes again from the file's `init_lora_weights` whenever it loads the adapter.
    func refuseChangedBases() throws {
        guard let value = object["init_lora_weights"], !value.isNull, value.bool == nil else { return }
        guard let name = value.string else { throw wrong("init_lora_weights", "true, false or a name", value) }
        if ["gaussian", "eva", "orthogonal"].contains(name) { return }
        throw AdapterError.unsupported(
            key: "init_lora_weights", value: "\"\(name)\"", file: file,
            instead: "such an adapter may belong to a base whose weights its start has changed: load it with PEFT and "
                + "merge it, or save it with path_initial_model_for_weight_conversion (LLaMA-Factory: pissa_convert)")
    }
}
