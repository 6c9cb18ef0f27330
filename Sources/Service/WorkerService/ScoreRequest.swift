import Adapters
import ChatTemplates
import JSONDocuments
import LanguageModels
import LinuxSystem
import ServiceAPI
import Tensors
import Tokenization

extension ModelRequests {
    func score(_ parameters: JSONValue) throws -> Score.Result {
        let request = try parameters.decoded(as: Score.Parameters.self)
        let settings = try Self.settings(request)
        let model = try model(request.model, request.workingDirectory, parameters)
        let ids = try Self.ids(
            of: request,
            RequestTokenizers(model: model, adapter: try adapterFolder(request.adapter, request.workingDirectory)),
            settings, addsSpecialTokens: Self.addsSpecialTokens(parameters))
        guard !ids.isEmpty else { throw ServiceError(.badRequest, "an empty text has no score") }
        let adapter = try adapter(request.adapter, for: model, request.workingDirectory)
        let decoder = try adapter?.model ?? model.loadedModel()
        let vocabulary = decoder.configuration.vocabularySize
        if let unknown = ids.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw ServiceError(
                .badRequest, "the token \(unknown) is unknown: the model has \(vocabulary) tokens", field: "ids")
        }
        let head = try valueHead(adapter: request.adapter, for: model, request.workingDirectory)
        let tape = Tape(recording: false)
        let hidden = try decoder.hiddenStates(
            ids, layout: SequenceLayout(lengths: [ids.count]), on: tape, branches: adapter?.branches)
        let score = try head.values(hidden, rows: [ids.count - 1], on: tape).value[0]
        guard score.isFinite else { throw try model.causeOfNotFinite("the score") }
        return Score.Result(
            score: Double(score),
            warnings: try warnings(of: model, adapter: request.adapter, request.workingDirectory))
    }

    /// The settings that say how a dialogue is written; a score depends on no others.
    private static func settings(_ request: Score.Parameters) throws -> GenerateSettings {
        let acting = ["template", "default_system", "tool_format", "enable_thinking", "preserve_thinking"]
        let overrides = request.overrides ?? []
        for key in overrides.map({ String($0.prefix { $0 != "=" }) }) where !acting.contains(key) {
            throw ServiceError(
                .badConfig, "`\(key)` does not act on a score",
                hint: "take it out; what acts is "
                    + acting.joined(separator: ", "), field: key)
        }
        return try GenerateSettings(overrides: overrides, model: request.model)
    }

    private static func ids(
        of request: Score.Parameters, _ tokenizers: RequestTokenizers, _ settings: GenerateSettings,
        addsSpecialTokens: Bool
    ) throws -> [Int32] {
        switch (request.ids, request.text, request.messages) {
        case (let given?, nil, nil): return given
        case (nil, let text?, nil):
            return try tokenizers.plain().encode(text, addingSpecialTokens: addsSpecialTokens)
        case (nil, nil, let messages?):
            var settings = settings
            try settings.inferTemplate(of: tokenizers.plain())
            guard let template = settings.template else {
                throw ServiceError(
                    .badConfig, "a dialogue needs the model's chat template",
                    hint: "give template=NAME, for example template=qwen or template=llama3", field: "template")
            }
            return try answered(messages, template, with: tokenizers.fixed(to: template))
        default: throw ServiceError(.badRequest, "give exactly one of ids, text and messages")
        }
    }

    /// A dialogue with its last answer, as a reward model has learned it.
    private static func answered(
        _ messages: [DialogueMessage], _ template: ChatTemplate, with tokenizer: Tokenizer
    ) throws -> [Int32] {
        let pair = try template.encodeAnswer(in: Dialog(messages, isAnswered: true), with: tokenizer)
        return pair.source + pair.target
    }

    /// The head beside the adapter, or beside the model where there is none.
    private func valueHead(
        adapter: String?, for model: ModelInMemory, _ workingDirectory: String?
    ) throws -> ValueHead {
        var folder = model.directory
        if let adapter, !adapter.isEmpty {
            folder = try ModelFolder.locate(adapter, workingDirectory: workingDirectory)
        }
        guard let head = try model.valueHead(folder) else {
            throw ServiceError(
                .badModel, "\(folder) has no \(ValueHead.fileName), so it gives no scores",
                hint: "name a model or adapter that was trained with stage rm", field: "model")
        }
        return head
    }
}
