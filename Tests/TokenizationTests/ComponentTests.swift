import JSONDocuments
import Testing
import Tokenization

/// Each normalizer, pre-tokenizer and decoder against the reference on hard texts.
struct ComponentTests {
    struct Entry: Decodable {
        var json: JSONValue
        var outputs: [String?]
    }

    private func entries(_ key: String) throws -> (entries: [Entry], fixtures: JSONValue) {
        let fixtures = try TokenizerFixtures.json("components")
        return (try #require(fixtures[key]).decoded(as: [Entry].self), fixtures)
    }

    @Test func normalizers() throws {
        let (entries, fixtures) = try entries("normalizers")
        let texts = try #require(fixtures["texts"]).decoded(as: [String].self)
        #expect(entries.count == 14 && texts.count == 19)
        for entry in entries {
            let part = try #require(try TokenizerFixtures.tokenizer("normalizer", entry.json).normalizer)
            for (text, expected) in zip(texts, entry.outputs) {
                let result = try part.normalized(text)
                #expect(result.isExactly(expected), "\(entry.json): \(text.debugDescription)")
            }
        }
    }

    @Test func preTokenizers() throws {
        let (entries, fixtures) = try entries("pre_tokenizers")
        let texts = try #require(fixtures["texts"]).decoded(as: [String].self)
        #expect(entries.count == 48)
        for entry in entries {
            let part = try #require(try TokenizerFixtures.tokenizer("pre_tokenizer", entry.json).preTokenizer)
            for (text, expected) in zip(texts, entry.outputs) {
                let result = try part.pieces(of: text).joined(separator: "\u{241E}")
                #expect(result.isExactly(expected), "\(entry.json): \(text.debugDescription)")
            }
        }
    }

    @Test func decoders() throws {
        let (entries, fixtures) = try entries("decoders")
        let lists = try #require(fixtures["token_lists"]).decoded(as: [[String]].self)
        #expect(entries.count == 14 && lists.count == 12)
        for entry in entries {
            let part = try TokenizerFixtures.tokenizer("decoder", entry.json).decoder
            for (tokens, expected) in zip(lists, entry.outputs) where expected != nil {
                let result = try part.decode(tokens)
                #expect(result.isExactly(expected), "\(entry.json): \(tokens)")
            }
        }
    }
}
