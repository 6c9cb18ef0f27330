import JSONDocuments
import REPL
import ServiceAPI
import TerminalOutput

/// A conversation with the service: asks, prints answers as they come, remembers.
final class ConversationSession {
    let context: CommandContext
    var conversation: Conversation
    /// The speed of the last answer.
    var figures: AnswerFigures?
    /// Whether pieces of text are printed as they come; lines of JSON carry whole answers.
    private var streams: Bool
    /// Whether Ctrl-C ends only the answer; in a script it ends everything.
    var survivesInterrupts = false

    init(_ conversation: Conversation, _ context: CommandContext) {
        self.conversation = conversation
        self.context = context
        streams = !context.wantsJSON
    }

    func stopStreaming() { streams = false }

    /// Answers a prompt, prints the answer and adds both to the dialogue.
    @discardableResult
    func answer(_ prompt: String) throws -> JSONValue {
        conversation.ask(prompt)
        let result = try answer(prompt, adapter: conversation.activeAdapter)
        conversation.record(prompt, answer: result["text"]?.string ?? "")
        return result
    }

    /// Answers the last prompt anew, in place of its answer.
    func retry() throws -> JSONValue {
        guard let prompt = conversation.lastPrompt else { throw CommandFailure.usage("there is no prompt to retry") }
        conversation.dropLastExchange()
        return try answer(prompt)
    }

    /// Answers a prompt twice, by the base model and with the adapter; the dialogue goes on with the adapter's answer.
    func compare(_ prompt: String) throws -> (base: JSONValue, adapter: JSONValue) {
        guard let adapter = conversation.adapter else {
            throw CommandFailure.usage("there is no adapter to compare with", hint: "choose one with /adapter DIR")
        }
        // The last prompt again is compared from where it was asked.
        if prompt == conversation.lastPrompt { conversation.dropLastExchange() }
        conversation.ask(prompt)
        heading("base")
        let base = try answer(prompt, adapter: nil)
        heading("adapter \(adapter)")
        let tuned = try answer(prompt, adapter: adapter)
        conversation.record(prompt, answer: tuned["text"]?.string ?? "")
        return (base, tuned)
    }

    private func heading(_ text: String) {
        guard streams else { return }
        let line = (context.outputTerminal.usesUTF8 ? "── " : "-- ") + TextColumns.printable(text)
        context.output.write(TextStyle.strong.apply(to: line, context.outputTerminal) + "\n")
    }

    private func answer(_ prompt: String, adapter: String?) throws -> JSONValue {
        try call(conversation.dialogue(with: prompt), adapter: adapter)
    }

    /// Calls the service with a whole dialogue.
    func call(_ messages: [DialogueMessage], adapter: String?) throws -> JSONValue {
        guard let model = conversation.model else {
            throw CommandFailure.usage("no model is chosen", hint: "name one with --model DIR, or /model DIR")
        }
        let parameters = Chat.Parameters(
            model: model, adapter: adapter, messages: messages, overrides: conversation.settings, stream: streams,
            workingDirectory: context.workingDirectory, keepAlive: context.invocation?.value("keep-alive"))
        let clock = ContinuousClock()
        let start = clock.now
        var firstPiece: Double?
        var streamed = ""
        let result: JSONValue
        do {
            result = try context.client().call(
                Chat.self, parameters, onInterrupt: survivesInterrupts ? .cancelCall : .leave
            ) { notification in
                guard streams, let piece = StreamedText.of(notification) else { return }
                if firstPiece == nil { firstPiece = (clock.now - start) / .seconds(1) }
                streamed += piece
                context.output.write(shown(piece))
            }
        } catch {
            if !streamed.isEmpty { context.output.write("\n") }
            throw error
        }
        context.tellWarnings(of: result)
        figures = AnswerFigures(result: result, firstPiece: firstPiece, total: (clock.now - start) / .seconds(1))
        if streams {
            context.output.write(shown(StreamedText.rest(of: result, after: streamed)) + "\n")
        } else if context.wantsJSON {
            context.printJSON(result)
        }
        return result
    }

    /// A model's text on a terminal must not move the cursor; into files it goes as it is.
    private func shown(_ text: String) -> String {
        context.outputTerminal.isTerminal ? TextColumns.printableLines(text) : text
    }
}
