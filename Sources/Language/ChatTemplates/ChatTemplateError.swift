/// Why a template cannot be used.
package enum ChatTemplateError: Error, Hashable, CustomStringConvertible {
    case unknownTemplate(name: String, nearest: String?)
    case needsMedia(template: String)
    case omittedWithChatTemplate
    case promptTrainingNotPossible(template: String)
    case noStopWords(template: String)
    case unknownToken(token: String, template: String)
    case toolsNotAvailable
    case functionMessage(index: Int)
    case unexpectedSystemMessage(index: Int)
    case oddDialog(count: Int)

    package var description: String {
        switch self {
        case .unknownTemplate(let name, let nearest):
            let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
            return "there is no chat template named `\(name)`\(hint)"
        case .needsMedia(let template):
            return "the chat template `\(template)` is for models that read images, video or sound, "
                + "which are not available yet"
        case .omittedWithChatTemplate:
            return "`template` is not set and the tokenizer brings a chat template of its own; reading that is not "
                + "available yet: name the model's template, for example `template: qwen` or `template: llama3`"
        case .promptTrainingNotPossible(let template):
            return "`train_on_prompt` cannot be used with the template `\(template)`: it marks the end of an answer "
                + "on the next prompt's first token, which has to stay a label of its own"
        case .noStopWords(let template):
            return "the template `\(template)` is to replace the end of sequence but has no stop word"
        case .unknownToken(let token, let template):
            return "the template `\(template)` needs the token `\(token)`, which this tokenizer does not have; "
                + "use the template that belongs to the model"
        case .toolsNotAvailable:
            return "the dialog brings tools; tool calls are not available yet: remove the `tools` column"
        case .functionMessage(let index):
            return "message \(index + 1) of the dialog is a function call; tool calls are not available yet"
        case .unexpectedSystemMessage(let index):
            return "message \(index + 1) of the dialog is a system message; only the first message may be one"
        case .oddDialog(let count):
            return "a dialog to train on needs questions and answers in turn, so an even number of messages; "
                + "it has \(count)"
        }
    }
}
