import ChatTemplates
import RunConfiguration
import ServiceAPI
import TextGeneration
import Tokenization

/// What a generation request's `key=value` pairs ask for.
struct GenerateSettings {
    var options: GenerationOptions
    /// The template that was named.
    var template: ChatTemplate?

    /// Parameters outside the group of generation that act on a request.
    private static let others: Set<String> = [
        "template", "seed", "use_cache", "enable_thinking", "preserve_thinking", "model_name_or_path",
    ]

    /// - Throws: `ConfigurationError`, and `ServiceError` for parameters that could not act on a request
    init(overrides: [String], model: String) throws {
        let given = ConfigurationValue.mapping([.init("model_name_or_path", .string(model))])
        let configuration = try RunConfiguration.parse(object: given, overrides: overrides)
            .validated(for: .inference)
        try Self.refuseWhatCannotAct(configuration)

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
            var template = try ChatTemplate.named(name)
            if let system = configuration[Parameters.defaultSystem] { template.defaultSystem = system }
            template.enablesThinking = configuration[Parameters.enableThinking]
            template.preservesThinking = configuration[Parameters.preserveThinking]
            self.template = template
        }
    }

    private static func refuseWhatCannotAct(_ configuration: RunConfiguration) throws {
        guard case .mapping(let entries) = configuration.explicitValues else { return }
        for entry in entries where !others.contains(entry.key) {
            guard let row = Parameters.named(entry.key), row.group != .generating else { continue }
            if case .cannotMatter = row.effect { continue }
            throw ServiceError(
                .badConfig, "`\(entry.key)` does not act on a generation request", hint: "take it out",
                field: entry.key)
        }
    }
}
