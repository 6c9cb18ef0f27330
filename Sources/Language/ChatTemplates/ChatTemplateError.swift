/// Why a template cannot be used.
package enum ChatTemplateError: Error, Hashable, CustomStringConvertible {
    case unknownTemplate(name: String, nearest: String?)
    case templateNone
    case notInferable(reason: String)
    case unknownToolFormat(name: String, known: [String])
    case promptTrainingNotPossible(template: String)
    case noStopWords(template: String)
    case unknownToken(token: String, template: String)
    case badTools(reason: String)
    case badCall(reason: String)
    case mediaMark(String, index: Int, template: String)
    case unexpectedSystemMessage(index: Int)
    case oddDialog(count: Int)

    package var description: String {
        switch self {
        case .unknownTemplate(let name, let nearest):
            let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
            return "there is no chat template named `\(name)`\(hint)"
        case .templateNone:
            return "there is no chat template named `none`; to read the tokenizer's own chat template leave `template` "
                + "out or write `template: null`, for no markup at all write `template: empty`"
        case .notInferable(let reason):
            return "`template` is not set, and no template can be made of the tokenizer's own: \(reason); name the "
                + "model's template, for example `template: qwen` or `template: llama3`"
        case .unknownToolFormat(let name, let known):
            return "there is no tool format named `\(name)`; there are "
                + known.map { "`\($0)`" }.joined(separator: ", ")
        case .promptTrainingNotPossible(let template):
            return "`train_on_prompt` cannot be used with the template `\(template)`: it marks the end of an answer "
                + "on the next prompt's first token, which has to stay a label of its own"
        case .noStopWords(let template):
            return "the template `\(template)` is to replace the end of sequence but has no stop word"
        case .unknownToken(let token, let template):
            return "the template `\(template)` needs the token `\(token)`, which this tokenizer does not have; "
                + "use the template that belongs to the model"
        case .badTools(let reason):
            return "the tools cannot be described to the model: \(reason)"
        case .badCall(let reason):
            return "a message that calls tools must be JSON such as {\"name\": \"f\", \"arguments\": {}}: \(reason)"
        case .mediaMark(let mark, let index, let template):
            return "message \(index + 1) of the dialog has a place for an image, video or sound (`\(mark)`), which the "
                + "template `\(template)` would fill; those are not available yet"
        case .unexpectedSystemMessage(let index):
            return "message \(index + 1) of the dialog is a system message; only the first message may be one"
        case .oddDialog(let count):
            return "a dialog to train on needs questions and answers in turn, so an even number of messages; "
                + "it has \(count)"
        }
    }
}
