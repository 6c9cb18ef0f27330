package import ChatTemplates
package import RunConfiguration
package import Tokenization

extension ChatTemplate {
    /// The template that a run's configuration names, with the configuration's changes to it.
    ///
    /// `template` omitted means what the tokenizer's own chat template shows, or `empty` where there is none and for
    /// pre-training, which formats nothing. The tokenizer still has to be fixed to the template.
    package static func configured(
        by configuration: RunConfiguration, tokenizer: Tokenizer, stage: Stage
    ) throws -> ChatTemplate {
        let template: ChatTemplate
        if configuration[Parameters.template] == nil, stage != .pt,
            case .single(let text) = tokenizer.configuration.chatTemplate
        {
            template = try inferred(from: text, of: tokenizer)
        } else {
            template = try named(configuration[Parameters.template] ?? "empty")
        }
        return try template.changed(by: configuration)
    }

    /// What to tell of a run whose configuration names no template, which it is formatted by all the same.
    package func note(ofAbsentNameIn configuration: RunConfiguration, _ tokenizer: Tokenizer) -> String? {
        guard configuration[Parameters.template] == nil, configuration[Parameters.stage] != .pt else { return nil }
        if case .single = tokenizer.configuration.chatTemplate {
            return "`template` is not given: dialogs are formatted as the tokenizer's own chat template shows"
        }
        return "`template` is not given, and the tokenizer brings no chat template: texts are joined without any mark "
            + "between question and answer (`template: empty`)"
    }

    /// This template with what `tool_format`, `default_system` and the thinking switches of a run ask for.
    package func changed(by configuration: RunConfiguration) throws -> ChatTemplate {
        var template = self
        if let format = configuration[Parameters.toolFormat] {
            template = template.replacingToolFormat(try ToolFormat.named(format))
        }
        if let system = configuration[Parameters.defaultSystem] { template.defaultSystem = system }
        template.enablesThinking = configuration[Parameters.enableThinking]
        template.preservesThinking = configuration[Parameters.preserveThinking]
        return template
    }
}
