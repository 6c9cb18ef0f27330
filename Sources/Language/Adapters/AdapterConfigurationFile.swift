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
        let reader = AdapterConfigurationReader(object: object, file: file)
        let kind = try Self.kind(reader)
        let saved = try reader.modules("modules_to_save")
        if case .expression = saved {
            throw reader.wrong("modules_to_save", "a list of names", object["modules_to_save"] ?? .null)
        }
        guard let targets = try reader.modules("target_modules") else {
            throw reader.wrong("target_modules", "a list of names or an expression", .null)
        }
        self.init(
            baseModel: try reader.text("base_model_name_or_path"), revision: try reader.text("revision"),
            targetModules: targets, modulesToSave: try reader.names("modules_to_save"),
            kind: try kind.init(reading: reader))
        excludedModules = try reader.modules("exclude_modules")
        layers = try reader.layers("layers_to_transform")
        layersPattern = try reader.names("layers_pattern")
        if let start = lora?.start, start != .unchanged {
            warnings.append(
                "\(file): the adapter belongs beside a base less its start (PiSSA), which is made again from this base"
                    + (start == .pissa(rounds: -1) ? "" : ", approximately, as PEFT does"))
        }
        let known = json.object ?? [:]
        for (key, value) in object where !known.contains(key) && !AdapterConfigurationReader.saysNothing(value) {
            let said = value.serialized(.spaced)
            warnings.append("\(file): '\(key)' is \(said), which is not known here; the adapter is used without")
        }
    }

    /// - Throws: `AdapterError.unsupported` for what no kind does, too
    private static func kind(_ reader: AdapterConfigurationReader) throws -> any AdapterKind.Type {
        let name = try reader.text("peft_type") ?? LoRA.name
        guard let kind = AdapterKinds.named(name) else {
            throw reader.unsupported(
                "peft_type", name,
                instead: "use an adapter of kind " + AdapterKinds.all.map { $0.name }.joined(separator: " or "))
        }
        if try reader.flag("fan_in_fan_out") { throw reader.unsupported("fan_in_fan_out", "true") }
        let bias = try reader.text("bias") ?? "none"
        guard bias == "none" else { throw reader.unsupported("bias", bias) }
        return kind
    }

    /// Every key that PEFT 0.18.1 writes, sorted.
    package var json: JSONValue {
        func modules(_ modules: TargetModules?) -> JSONValue {
            switch modules {
            case .names(let names): .array(names.map { .string($0) })
            case .expression(let text): .string(text)
            case nil: .null
            }
        }
        func list(_ names: [String]) -> JSONValue { names.isEmpty ? .null : .array(names.map { .string($0) }) }
        let common: [(key: String, value: JSONValue)] = [
            ("auto_mapping", .null), ("base_model_name_or_path", baseModel.map { .string($0) } ?? .null),
            ("bias", "none"), ("exclude_modules", modules(excludedModules)), ("fan_in_fan_out", false),
            ("inference_mode", true), ("layers_pattern", list(layersPattern)),
            ("layers_to_transform", layers.map { .array($0.map { .integer(Int64($0)) }) } ?? .null),
            ("modules_to_save", list(modulesToSave)), ("peft_type", .string(type(of: kind).name)),
            ("peft_version", "0.18.1"), ("revision", revision.map { .string($0) } ?? .null),
            ("target_modules", modules(targetModules)), ("task_type", "CAUSAL_LM"),
        ]
        return .object(JSONObject((common + kind.keys).sorted { $0.key < $1.key }))
    }

    /// The text of the file.
    package var fileBytes: [UInt8] { json.serializedBytes(.indented(2), sortedKeys: true) }
}
