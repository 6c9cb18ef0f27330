import ChatTemplates
import Tokenization

/// The tokenizers of a model, or of an adapter beside it whose vocabulary grew.
struct RequestTokenizers {
    let model: ModelInMemory
    let adapter: String?

    func plain() throws -> Tokenizer { try model.loadedTokenizer(for: adapter) }

    func fixed(to template: ChatTemplate) throws -> Tokenizer {
        try model.tokenizer(fixedTo: template, for: adapter)
    }
}
