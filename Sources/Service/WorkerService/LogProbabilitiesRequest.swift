import Adapters
import JSONDocuments
import LanguageModels
import ServiceAPI
import TextGeneration
import Tokenization

extension ModelRequests {
    func logProbabilities(_ parameters: JSONValue) throws -> LogProbabilities.Result {
        let request = try parameters.decoded(as: LogProbabilities.Parameters.self)
        let model = try model(request.model, request.workingDirectory, parameters)
        let ids: [Int32]
        switch (request.ids, request.text) {
        case (let given?, nil): ids = given
        case (nil, let text?):
            let folder = try adapterFolder(request.adapter, request.workingDirectory)
            ids = try model.loadedTokenizer(for: folder).encode(
                text, addingSpecialTokens: Self.addsSpecialTokens(parameters))
        default: throw ServiceError(.badRequest, "give either ids or text, not both and not neither")
        }
        guard !ids.isEmpty else { return LogProbabilities.Result(ids: [], tokenLogProbabilities: []) }
        let adapter = try adapter(request.adapter, for: model, request.workingDirectory)
        let decoder = try adapter?.model ?? model.loadedModel()
        let vocabulary = decoder.configuration.vocabularySize
        if let unknown = ids.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw GenerationError.unknownToken(unknown, vocabulary: vocabulary)
        }
        let found = try decoder.tokenLogProbabilities([ids], branches: adapter?.branches)[0]
        guard found.allSatisfy(\.isFinite) else { throw try model.causeOfNotFinite("the log-probabilities") }
        return LogProbabilities.Result(
            ids: ids, tokenLogProbabilities: found.map { Double($0) },
            warnings: try warnings(of: model, adapter: request.adapter, request.workingDirectory))
    }
}
