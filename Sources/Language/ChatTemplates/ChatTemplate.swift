/// How the messages of a dialog become the token ids a model was taught to read.
///
/// Each formatter is a list of slots that are tokenized one by one, so that no token crosses a slot's border.
package struct ChatTemplate: Hashable, Sendable {
    /// A piece of a formatter.
    package enum Slot: Hashable, Sendable, ExpressibleByStringLiteral {
        /// Text with `{{content}}` (and `{{idx}}`, the turn's number) standing for the message.
        case text(String)
        /// Exactly one vocabulary entry, looked up by its text.
        case token(String)
        /// The tokenizer's begin-of-sequence id, or nothing if it has none.
        case beginOfSequence
        /// The tokenizer's end-of-sequence id, or nothing if it has none.
        case endOfSequence

        package init(stringLiteral value: String) {
            self = .text(value)
        }
    }

    /// What a template does beyond filling its slots.
    package enum Kind: Hashable, Sendable {
        case plain
        /// The system text is put in front of the first user message.
        case llama2
        /// Answers carry a thought, an empty one where the data has none.
        case reasoning
        /// As `reasoning`, with an empty thought that is only the closing word.
        case closingTagReasoning
        /// What is said of tools loses its first newlines where no system text stands before it.
        case trimmedTools
    }

    /// The words around a thought, white space included.
    package struct ThoughtWords: Hashable, Sendable {
        package var opening: String
        package var closing: String

        package static let standard = ThoughtWords(opening: "<think>\n", closing: "\n</think>\n\n")
    }

    /// The words around calls in a message that holds more than the calls.
    package struct CallWords: Hashable, Sendable {
        package var opening: String
        package var closing: String

        package static let standard = CallWords(opening: "<tool_call>", closing: "</tool_call>")
    }

    /// How the system text tells of tools.
    package enum ToolText: Hashable, Sendable {
        case format(ToolFormat)
        /// The tools as they are given, in the place of `{{content}}`.
        case verbatim(String)
    }

    package let name: String
    package var kind: Kind
    package var prefix: [Slot]
    package var system: [Slot]
    package var user: [Slot]
    package var assistant: [Slot]
    package var observation: [Slot]
    /// Around calls of tools, which are written in `callFormat`.
    package var function: [Slot]
    package var callFormat: ToolFormat
    package var tools: ToolText
    /// System text of dialogs that bring none.
    package var defaultSystem: String
    package var stopWords: [String]
    package var thoughtWords: ThoughtWords
    package var callWords: CallWords
    /// The template's models also read images, video or sound, whose places are marked in the text.
    package var readsMedia: Bool
    /// One end of sequence closes the dialog; before that the next turn's first token ends an answer.
    package var efficientEndOfSequence: Bool
    /// The first stop word becomes the tokenizer's end of sequence.
    package var replacesEndOfSequence: Bool
    /// The tokenizer's own chat template is overwritten even if it has one.
    package var replacesChatTemplate: Bool
    /// `enable_thinking`: true thinks, false removes thoughts, nil leaves them and teaches no empty ones.
    package var enablesThinking: Bool? = true
    /// `preserve_thinking`: earlier answers keep their thoughts.
    package var preservesThinking = false
    /// The day that some formats of tools tell the model; nil for the day on which they are written.
    package var date: CalendarDate?

    /// A template of the table; what is left out has the value that most templates have.
    init(
        _ name: String, kind: Kind = .plain, prefix: [Slot] = [], system: [Slot] = ["{{content}}"],
        user: [Slot] = ["{{content}}"], assistant: [Slot]? = nil, observation: [Slot]? = nil,
        function: [Slot]? = nil, callFormat: ToolFormat = .default, tools: ToolText = .format(.default),
        defaultSystem: String = "", stopWords: [String] = [], thoughtWords: ThoughtWords = .standard,
        callWords: CallWords = .standard, readsMedia: Bool = false,
        efficientEndOfSequence: Bool = false, replacesEndOfSequence: Bool = false, replacesChatTemplate: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.prefix = prefix
        self.system = system
        self.user = user
        let answer = assistant ?? (efficientEndOfSequence ? ["{{content}}"] : ["{{content}}", .endOfSequence])
        self.assistant = answer
        self.observation = observation ?? user
        self.function = function ?? answer
        self.callFormat = callFormat
        self.tools = tools
        self.defaultSystem = defaultSystem
        self.stopWords = stopWords
        self.thoughtWords = thoughtWords
        self.callWords = callWords
        self.readsMedia = readsMedia
        self.efficientEndOfSequence = efficientEndOfSequence
        self.replacesEndOfSequence = replacesEndOfSequence
        self.replacesChatTemplate = replacesChatTemplate
    }

    /// Whether answers are expected to carry thoughts.
    package var isReasoning: Bool { kind == .reasoning || kind == .closingTagReasoning }
}
