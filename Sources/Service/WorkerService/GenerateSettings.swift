import ChatTemplates
import Datasets
import RunConfiguration
import ServiceAPI
import TextGeneration
import Tokenization

/// What a generation request's `key=value` pairs ask for.
struct GenerateSettings {
    var options: GenerationOptions
    /// Whether special tokens stay out of the text.
    let skipsSpecialTokens: Bool
    /// The template that was named.
    private(set) var template: ChatTemplate?
    private let configuration: RunConfiguration

    /// - Throws: `ConfigurationError`, and `ServiceError` for parameters that could not act on a request
    init(overrides: [String], model: String) throws {
        let given = ConfigurationValue.mapping([.init("model_name_or_path", .string(model))])
        let configuration = try RunConfiguration.parse(object: given, overrides: overrides)
            .validated(for: .inference)
        try Self.refuseWhatCannotAct(configuration)
        self.configuration = configuration
        skipsSpecialTokens = configuration[Parameters.skipSpecialTokens]

        var options = GenerationOptions()
        options.samples = configuration[Parameters.doSample]
        options.temperature = configuration[Parameters.temperature]
        options.topK = configuration[Parameters.topK]
        options.topP = configuration[Parameters.topP]
        options.repetitionPenalty = configuration[Parameters.repetitionPenalty]
        options.maximumLength = configuration[Parameters.maxLength]
        options.maximumNewTokens = configuration[Parameters.maxNewTokens]
        // One that is given removes the other's default.
        if configuration.isExplicit(Parameters.maxLength), !configuration.isExplicit(Parameters.maxNewTokens) {
            options.maximumNewTokens = 0
        }
        options.ignoresStopTokens = configuration[Parameters.ignoreEos]
        options.usesCache = configuration[Parameters.useCache]
        options.seed =
            configuration.isExplicit(Parameters.seed)
            ? UInt64(configuration[Parameters.seed]) : UInt64.random(in: 0...UInt64.max)
        self.options = try options.checked()

        if let name = configuration[Parameters.template] {
            template = try ChatTemplate.named(name).changed(by: configuration)
        }
    }

    /// A dialogue whose template nobody names goes by the chat template that the tokenizer brings.
    mutating func inferTemplate(of tokenizer: Tokenizer) throws {
        guard template == nil, case .single = tokenizer.configuration.chatTemplate else { return }
        template = try ChatTemplate.configured(by: configuration, tokenizer: tokenizer, stage: .sft)
    }

    /// Parameters that say how messages are formatted.
    private static let dialogueParameters = ["tool_format", "enable_thinking", "preserve_thinking"]

    /// Refuses what acts on dialogues alone where a raw prompt or ids are continued.
    ///
    /// - Returns: what acts in part
    func judge(isDialogue: Bool, hasTools: Bool) throws -> [String] {
        guard !isDialogue, case .mapping(let entries) = configuration.explicitValues else { return [] }
        let hint = "give `messages`; on the command line `tunectl chat` does"
        if hasTools {
            throw ServiceError(
                .badRequest, "`tools` act on a dialogue, not on a raw prompt", hint: hint, field: "tools")
        }
        if let entry = entries.first(where: { Self.dialogueParameters.contains($0.key) }) {
            throw ServiceError(
                .badConfig, "`\(entry.key)` acts on a dialogue, not on a raw prompt", hint: hint, field: entry.key)
        }
        guard let template else { return [] }
        return [
            "`template=\(template.name)` does not format a raw prompt, only its stop tokens act; `tunectl chat`, and "
                + "`messages` in a request, put it around what is said"
        ]
    }

    private static func refuseWhatCannotAct(_ configuration: RunConfiguration) throws {
        guard case .mapping(let entries) = configuration.explicitValues else { return }
        for entry in entries where entry.key != Parameters.modelNameOrPath.name {
            guard let row = Parameters.named(entry.key), !row.actsOnRequests else { continue }
            if case .cannotMatter = row.effect { continue }
            throw ServiceError(
                .badConfig, "`\(entry.key)` does not act on a generation request", hint: "take it out",
                field: entry.key)
        }
    }
}
