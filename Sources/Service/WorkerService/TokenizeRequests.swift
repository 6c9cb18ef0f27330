import JSONDocuments
import ServiceAPI
import Tokenization

extension ModelRequests {
    func tokenize(_ parameters: JSONValue) throws -> Tokenize.Result {
        let request = try parameters.decoded(as: Tokenize.Parameters.self)
        let tokenizer = try model(request.model, request.workingDirectory, parameters).loadedTokenizer()
        let ids = try tokenizer.encode(request.text, addingSpecialTokens: Self.addsSpecialTokens(parameters))
        return Tokenize.Result(ids: ids, warnings: tokenizer.warnings.isEmpty ? nil : tokenizer.warnings)
    }

    func detokenize(_ parameters: JSONValue) throws -> Detokenize.Result {
        let request = try parameters.decoded(as: Detokenize.Parameters.self)
        let tokenizer = try model(request.model, request.workingDirectory, parameters).loadedTokenizer()
        let text = try tokenizer.decode(request.ids, skippingSpecialTokens: request.skipSpecialTokens ?? false)
        return Detokenize.Result(text: text)
    }
}
