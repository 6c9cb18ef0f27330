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
