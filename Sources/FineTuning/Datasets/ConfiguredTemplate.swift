package import ChatTemplates
package import RunConfiguration
package import Tokenization

extension ChatTemplate {
    /// The template that a run's configuration names, with the configuration's changes to it.
    ///
    /// `template` omitted means `empty`; a tokenizer that brings a chat template of its own is refused then, except
    /// for pre-training, which formats nothing. The tokenizer still has to be fixed to the template.
    package static func configured(
        by configuration: RunConfiguration, tokenizer: Tokenizer, stage: Stage
    ) throws -> ChatTemplate {
        let name = configuration[Parameters.template]
        if name == nil, case .single = tokenizer.configuration.chatTemplate, stage != .pt {
            throw ChatTemplateError.omittedWithChatTemplate
        }
        var template = try named(name ?? "empty")
        if let system = configuration[Parameters.defaultSystem] { template.defaultSystem = system }
        template.enablesThinking = configuration[Parameters.enableThinking]
        template.preservesThinking = configuration[Parameters.preserveThinking]
        return template
    }
}
