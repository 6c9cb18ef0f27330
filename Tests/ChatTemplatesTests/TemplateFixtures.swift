import ChatTemplates
import Foundation
import JSONDocuments
import Tokenization

/// The files beside these tests; scripts/generate-chat-templates and scripts/fixtures make them.
enum TemplateFixtures {
    static let folder = Bundle.module.resourceURL?.appending(path: "Fixtures").path ?? ""

    /// One token a character, and `<|im_start|>` and its like as single tokens.
    static func characters() throws -> Tokenizer { try Tokenizer(directory: folder + "/character-tokenizer") }

    /// Only `<unk> <s> </s> <pad>` and characters.
    static func bare() throws -> Tokenizer { try Tokenizer(directory: folder + "/bare-tokenizer") }

    /// The characters of all examples, with begin and end of sequence in the examples' notation.
    static func examplesTokenizer() throws -> Tokenizer { try Tokenizer(directory: folder + "/template-tokenizer") }

    /// A rendered dialog of a template.
    struct Example: Sendable {
        var name: String
        var plain: [[String]]
        var system: [[String]]
        var tool: [[String]]
        /// Texts that slots of this template look up as single tokens.
        var singleTokens: Set<String>
    }

    static func examples() throws -> [Example] {
        let text = try Data(contentsOf: URL(filePath: folder + "/template-examples.json"))
        return (try JSONValue(parsing: Array(text)).array ?? []).map { entry in
            func pairs(_ key: String) -> [[String]] {
                (entry[key]?.array ?? []).map { ($0.array ?? []).compactMap(\.string) }
            }
            return Example(
                name: entry["name"]?.string ?? "", plain: pairs("plain"), system: pairs("sys"), tool: pairs("tool"),
                singleTokens: Set((entry["special_tokens"]?.array ?? []).compactMap(\.string)))
        }
    }
}

extension Dialog {
    /// Messages by user and assistant in turn.
    static func turns(_ contents: String..., system: String? = nil, tools: String? = nil) -> Dialog {
        Dialog(
            messages: contents.enumerated().map { ChatMessage(role: $0 % 2 == 0 ? .user : .assistant, content: $1) },
            system: system, tools: tools)
    }
}

extension TokenPair {
    func texts(by tokenizer: Tokenizer) throws -> [String] {
        try [source, target].map { try tokenizer.decode($0, skippingSpecialTokens: false) }
    }
}
