// Tools in the system text, calls of them in messages and in what a model writes.
extension ChatTemplate {
    /// This template with another format of tools and calls.
    ///
    /// The template's own frame around calls goes, as in the reference: a call then ends as a plain answer does.
    package func replacingToolFormat(_ format: ToolFormat) -> ChatTemplate {
        var template = self
        template.tools = .format(format)
        template.callFormat = format
        template.function = efficientEndOfSequence ? ["{{content}}"] : ["{{content}}", .endOfSequence]
        return template
    }

    /// The calls that a generated text consists of; nil if it is a plain answer.
    package func calls(in text: String) -> [FunctionCall]? {
        guard case .format(let format) = tools else { return nil }
        return format.calls(in: text)
    }

    /// What the system text says of the tools; nil without tools, empty for an empty list of them.
    func toolText(of dialog: Dialog, hasSystem: Bool) throws -> String? {
        guard let tools = dialog.tools, !tools.isEmpty else { return nil }
        switch self.tools {
        case .verbatim(let frame): return frame.replacingFirst("{{content}}", with: tools)
        case .format(let format):
            let text = try format.prompt(forTools: tools, date: date ?? .today())
            return kind == .trimmedTools && !hasSystem ? text.droppingLeadingNewlines : text
        }
    }

    /// The text of a message that calls tools, from its JSON.
    func callText(of content: String) throws -> String {
        // Templates of this kind know neither thoughts nor frames of calls.
        let message = try FunctionMessage(content, words: kind == .llama2 ? nil : (thoughtWords, callWords))
        return message.preface + (try callFormat.text(of: message.calls))
    }

    /// A place for an image in a text that brings none would later be a gap in what the model reads.
    func refuseMedia(in dialog: Dialog) throws {
        for (index, message) in dialog.messages.enumerated() {
            for mark in ["<image>", "<video>", "<audio>"] where message.content.firstOccurrence(of: mark) != nil {
                throw ChatTemplateError.mediaMark(mark, index: index, template: name)
            }
        }
    }
}
