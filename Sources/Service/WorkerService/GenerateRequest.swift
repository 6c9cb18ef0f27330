import Adapters
import ChatTemplates
import JSONDocuments
import LanguageModels
import ServiceAPI
import TextGeneration
import Tokenization

extension ModelRequests {
    /// Continues ids, a raw prompt or a dialogue; `chat` is the same with streaming as its default.
    func generate(
        _ parameters: JSONValue, streamsByDefault: Bool, _ exchange: Exchange
    ) throws -> Generate.Result {
        let request = try parameters.decoded(as: Generate.Parameters.self)
        var settings = try GenerateSettings(overrides: request.overrides ?? [], model: request.model)
        let ownWarnings = try settings.judge(isDialogue: request.messages != nil, hasTools: request.tools != nil)
        let model = try model(request.model, request.workingDirectory, parameters)
        let tokenizers = RequestTokenizers(
            model: model, adapter: try adapterFolder(request.adapter, request.workingDirectory))
        if request.messages != nil { try settings.inferTemplate(of: tokenizers.plain()) }
        let prompt = try Prompt(
            request, settings.template, tokenizers, addsSpecialTokens: Self.addsSpecialTokens(parameters))
        let adapter = try adapter(request.adapter, for: model, request.workingDirectory)
        let decoder = try adapter?.model ?? model.loadedModel()
        let defaults = try GenerationDefaults(directory: model.directory, configuration: decoder.configuration)
        settings.options.stopTokens = stopTokens(settings.template, prompt, defaults)

        var stream = TextStream(
            prompt.tokenizer, skippingSpecialTokens: settings.skipsSpecialTokens,
            send: request.stream ?? streamsByDefault ? exchange.progress : nil)
        let generation: Generation
        do {
            generation = try TextGenerator(model: decoder).generate(
                prompt.ids, options: settings.options, branches: adapter?.branches
            ) { token in
                if let token { try stream.push(token) }
                return exchange.isCancelled() ? .cancel : .goOn
            }
        } catch GenerationError.notFinite {
            throw try model.causeOfNotFinite("the scores of the next token")
        }
        guard generation.finishReason != .cancelled else {
            throw ServiceError(.cancelled, "the request was cancelled after \(generation.tokens.count) tokens")
        }
        try stream.finish()
        let text =
            try prompt.tokenizer?.decode(
                generation.tokens, skippingSpecialTokens: settings.skipsSpecialTokens) ?? ""
        let calls = request.tools == nil ? nil : settings.template?.calls(in: text)
        return Generate.Result(
            ids: generation.tokens, text: text,
            toolCalls: calls?.map { ToolCall(name: $0.name, arguments: $0.arguments) },
            finishReason: generation.finishReason.rawValue, promptTokens: generation.promptTokens,
            promptSeconds: generation.promptSeconds, generationSeconds: generation.generationSeconds,
            warnings: try warnings(
                of: model, adapter: request.adapter, request.workingDirectory, generation: defaults, ownWarnings))
    }

    /// With a template its own stop tokens; otherwise those of the tokenizer and of the model.
    private func stopTokens(
        _ template: ChatTemplate?, _ prompt: Prompt, _ defaults: GenerationDefaults
    ) -> Set<Int32> {
        if let template, let tokenizer = prompt.tokenizer { return Set(template.stopTokenIDs(of: tokenizer)) }
        return Set(defaults.endTokens).union([prompt.tokenizer?.eosTokenID].compactMap { $0 })
    }
}

/// Where a continuation starts.
private struct Prompt {
    var ids: [Int32]
    /// Nil for a model without one, which can still continue ids.
    var tokenizer: Tokenizer?

    init(
        _ request: Generate.Parameters, _ template: ChatTemplate?, _ tokenizers: RequestTokenizers,
        addsSpecialTokens: Bool
    ) throws {
        switch (request.ids, request.prompt, request.messages) {
        case (let given?, nil, nil):
            ids = given
            tokenizer = try? Self.tokenizer(template, tokenizers)
        case (nil, let text?, nil):
            let tokenizer = try Self.tokenizer(template, tokenizers)
            ids = try tokenizer.encode(text, addingSpecialTokens: addsSpecialTokens)
            self.tokenizer = tokenizer
        case (nil, nil, let messages?):
            guard let template else {
                throw ServiceError(
                    .badConfig, "a dialogue needs the model's chat template",
                    hint: "give template=NAME, for example template=qwen or template=llama3", field: "template")
            }
            let tokenizer = try tokenizers.fixed(to: template)
            var dialog = try Dialog(messages)
            dialog.tools = request.tools.map { JSONValue.array($0.map(JSONValue.object)).serialized(.spaced) }
            ids = try template.prompt(for: dialog, with: tokenizer)
            self.tokenizer = tokenizer
        default:
            throw ServiceError(.badRequest, "give exactly one of ids, prompt and messages")
        }
    }

    private static func tokenizer(_ template: ChatTemplate?, _ tokenizers: RequestTokenizers) throws -> Tokenizer {
        try template.map(tokenizers.fixed) ?? tokenizers.plain()
    }
}

/// Sends text as soon as it is certain and fit to be shown.
private struct TextStream {
    private var decoder: IncrementalDecoder?
    private var streamer = TextStreamer()
    private let send: ((JSONValue) -> Void)?

    init(_ tokenizer: Tokenizer?, skippingSpecialTokens: Bool, send: ((JSONValue) -> Void)?) {
        decoder =
            send == nil ? nil : tokenizer?.incrementalDecoder(skippingSpecialTokens: skippingSpecialTokens)
        self.send = send
    }

    mutating func push(_ token: Int32) throws {
        guard decoder != nil else { return }
        try emit(streamer.push(decoder?.push(token) ?? ""))
    }

    mutating func finish() throws {
        guard decoder != nil else { return }
        try emit(streamer.push(decoder?.finish() ?? ""))
        try emit(streamer.finish())
    }

    private func emit(_ text: String) throws {
        if !text.isEmpty { send?(try JSONValue(encoding: Generate.Piece(text: text))) }
    }
}
