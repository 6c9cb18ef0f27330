/// One parameter with its Swift type; `configuration[Parameters.loraRank]` is an `Int`.
package struct Parameter<Value: ParameterValue>: Sendable {
    package let description: ParameterDescription
    package let defaultValue: Value

    package var name: String { description.name }

    init(
        _ name: String, aliases: [String] = [], _ group: ParameterGroup, default defaultValue: Value,
        _ range: ParameterRange? = nil, choices: [String] = [], path: PathKind? = nil, help: String,
        _ effect: ParameterEffect,
        except rules: [ValueRule] = [], isSecret: Bool = false
    ) {
        self.defaultValue = defaultValue
        description = ParameterDescription(
            name: name, aliases: aliases, group: group, typeName: Value.typeName, schemaTypes: Value.schemaTypes,
            defaultValue: defaultValue.configurationValue, range: range,
            choices: choices.isEmpty ? Value.words : choices, path: path, help: help, effect: effect, rules: rules,
            isSecret: isSecret,
            read: { node in Value.read(ConfigurationNodeView(node: node)).map(StoredValue.init) })
    }
}

/// Parameters that belong together, under the names of the reference's documentation where it has one.
package enum ParameterGroup: String, CaseIterable, Sendable {
    case method, lora, rlhf, freeze, badam, galore, data, model, multimodal, vllm, quantization
    case training, optimization, logging, evaluating, saving, generating, export, evaluation, distributed

    /// A heading for tables.
    package var title: String {
        switch self {
        case .method: "Stage and method"
        case .lora: "LoRA"
        case .rlhf: "Preference learning and reinforcement learning"
        case .freeze: "Freeze tuning"
        case .badam: "BAdam"
        case .galore: "GaLore and APOLLO"
        case .data: "Data"
        case .model: "Model"
        case .multimodal: "Images, video and audio"
        case .vllm: "Other inference engines"
        case .quantization: "Quantization"
        case .training: "Training run"
        case .optimization: "Optimizer and schedule"
        case .logging: "Logging"
        case .evaluating: "Evaluation during training"
        case .saving: "Checkpoints and resuming"
        case .generating: "Generation"
        case .export: "Export"
        case .evaluation: "Benchmark evaluation"
        case .distributed: "Accelerators and several machines"
        }
    }
}

/// What a parameter's value names in the file system, where it does.
package enum PathKind: Sendable {
    case file, folder
}

/// A row of the table without its Swift type: everything help, schema and checks need.
package struct ParameterDescription: Sendable {
    package let name: String
    package let aliases: [String]
    package let group: ParameterGroup
    package let typeName: String
    package let schemaTypes: [String]
    package let defaultValue: ConfigurationValue
    package let range: ParameterRange?
    package let choices: [String]
    package let path: PathKind?
    package let help: String
    package let effect: ParameterEffect
    package let rules: [ValueRule]
    /// Whether the value is kept out of everything that is stored, written or said.
    package let isSecret: Bool
    let read: @Sendable (ConfigurationNode) -> (any StoredParameterValue)?

    /// The effect of setting the parameter to `value`; nil when it is the default of one that does not act yet.
    func effect(of value: ConfigurationValue) -> ParameterEffect? {
        if let rule = rules.first(where: { $0.applies(to: value) }) { return rule.effect }
        switch effect {
        case .acts, .cannotMatter: return effect
        case .refused, .notYet: return value == defaultValue ? nil : effect
        }
    }

    /// The whole effect column: the parameter's own effect and those of special values.
    package var effectSummary: String {
        ([effect.summary] + rules.map(\.summary)).joined(separator: "; ")
    }

    /// What a value must be, in words.
    var expectation: String {
        let article =
            switch typeName {
            case "int": "an integer"
            case "float": "a number"
            case "bool": "true or false"
            case "str": choices.isEmpty ? "a text" : "one of \(choices.joined(separator: ", "))"
            case "int or null": "an integer or null"
            case "float or null": "a number or null"
            case "bool or null": "true, false or null"
            case "str or null": choices.isEmpty ? "a text or null" : "null or one of \(choices.joined(separator: ", "))"
            case "int or float": "an integer (rows) or a float (share)"
            case "mapping or null": "a mapping, a JSON text or null"
            case "path or bool or null": "a checkpoint's path, true or null"
            case let name where name.hasPrefix("list of float"): "numbers separated by commas, or a list of them"
            case let name where name.hasPrefix("list"): "names separated by commas, or a list of them"
            default: "a value of type \(typeName)"
            }
        return range.map { "\(article) \($0.summary)" } ?? article
    }
}

/// A decoded value of unknown type.
protocol StoredParameterValue: Sendable {
    var configurationValue: ConfigurationValue { get }
}

/// A decoded value; a struct around it keeps `Optional` values whole through the cast back.
struct StoredValue<Value: ParameterValue>: StoredParameterValue {
    let value: Value

    var configurationValue: ConfigurationValue { value.configurationValue }
}
