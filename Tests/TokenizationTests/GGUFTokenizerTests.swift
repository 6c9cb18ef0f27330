import Foundation
import JSONDocuments
import Testing
import Tokenization
import WeightFiles

/// Tokenizers through the metadata of GGUF files.
struct GGUFTokenizerTests {
    static let byteLevel = #"""
        {"added_tokens":[{"id":260,"content":"<|end|>","single_word":false,"lstrip":false,"rstrip":false,
        "normalized":false,"special":true},{"id":261,"content":"<tool>","single_word":false,"lstrip":false,"rstrip":false,
        "normalized":false,"special":false}],"normalizer":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
        "decoder":{"type":"ByteLevel"},"post_processor":null,
        "model":{"type":"BPE","vocab":VOCAB,"merges":[["l","o"],["lo","w"],["Ġ","low"]]}}
        """#
    static let pieces = #"""
        {"added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,
        "special":true},{"id":1,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,
        "special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"pre_tokenizer":null,"post_processor":null,
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
        {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":VOCAB,
        "merges":["l o","lo w","▁ low","▁ l"]}}
        """#

    /// The byte-level alphabet, then three tokens that merges make.
    private static func byteLevelTokenizer() throws -> Tokenizer {
        let alphabet = (0..<256).map { byte -> String in
            let printable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            let others = (0..<byte).count {
                !((33...126).contains($0) || (161...172).contains($0) || (174...255).contains($0))
            }
            return String(UnicodeScalar(UInt32(printable ? byte : 256 + others)).map(Character.init) ?? "?")
        }
        return try tokenizer(byteLevel, alphabet + ["lo", "low", "Ġlow", "unused"], #"{"eos_token":"<|end|>"}"#)
    }

    private static func piecesTokenizer() throws -> Tokenizer {
        let bytes = (0..<256).map { "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">" }
        return try tokenizer(
            pieces, ["<unk>", "<s>"] + bytes + ["▁", "l", "o", "w", "lo", "low", "▁low", "▁l", "é"],
            #"{"bos_token":"<s>","unk_token":"<unk>","add_bos_token":true,"add_eos_token":false,"chat_template":"{{ x }}"}"#
        )
    }

    private static func tokenizer(_ json: String, _ vocabulary: [String], _ configuration: String) throws -> Tokenizer {
        let entries = try vocabulary.enumerated().map { identifier, token in
            String(decoding: try JSONEncoder().encode([token]).dropFirst().dropLast(), as: UTF8.self) + ":\(identifier)"
        }
        let text = json.replacingOccurrences(of: "VOCAB", with: "{\(entries.joined(separator: ","))}")
        return try Tokenizer(
            json: Array(text.utf8), configuration: TokenizerConfiguration(JSONValue(parsing: Array(configuration.utf8)))
        )
    }

    private static func again(
        _ tokenizer: Tokenizer, size: Int, changing: (inout [(key: String, value: GGUFValue)]) -> Void = { _ in }
    ) throws -> Tokenizer {
        var metadata = try tokenizer.ggufMetadata(size: size, endTokens: [])
        changing(&metadata)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).gguf")
        var bytes: [UInt8] = []
        try GGUFWriter.write(metadata: metadata, tensors: []) { bytes.append(contentsOf: $0) }
        try Data(bytes).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        return try Tokenizer(directory: path.path)
    }

    @Test func byteLevelTokenizersComeBack() throws {
        let tokenizer = try Self.byteLevelTokenizer()
        let metadata = Dictionary(
            uniqueKeysWithValues: try tokenizer.ggufMetadata(size: 270, endTokens: [260, 5]).map { ($0.key, $0.value) })
        #expect(metadata["tokenizer.ggml.model"] == .text("gpt2") && metadata["tokenizer.ggml.pre"] == .text("gpt-2"))
        #expect(metadata["tokenizer.ggml.merges"] == .texts(["l o", "lo w", "Ġ low"]))
        let kinds = metadata["tokenizer.ggml.token_type"]?.integerList ?? []
        #expect(kinds.count == 270 && kinds[259] == 1 && kinds[260] == 3 && kinds[261] == 4 && kinds[262] == 5)
        #expect(metadata["tokenizer.ggml.eot_token_id"] == .unsigned(5))
        let again = try Self.again(tokenizer, size: 270)
        for text in ["low lower low", "a<|end|>b <tool>é日", "\n\n x"] {
            #expect(try again.encode(text) == tokenizer.encode(text))
            #expect(try again.decode(tokenizer.encode(text)) == tokenizer.decode(tokenizer.encode(text)))
        }
        #expect(again.eosTokenID == 260 && again.bosTokenID == nil)
    }

    @Test func piecesOfSentencesComeBack() throws {
        let tokenizer = try Self.piecesTokenizer()
        let metadata = Dictionary(
            uniqueKeysWithValues: try tokenizer.ggufMetadata(size: 267, endTokens: []).map { ($0.key, $0.value) })
        #expect(metadata["tokenizer.ggml.model"] == .text("llama"))
        let scores = metadata["tokenizer.ggml.scores"]?.numberList ?? []
        // lo before low before ▁low.
        #expect(scores.count == 267 && scores[262] == 0 && scores[263] == -1 && scores[264] == -2)
        let again = try Self.again(tokenizer, size: 267)
        for text in ["low lowlo", "é日 low", ""] {
            #expect(try again.encode(text) == tokenizer.encode(text), "\(text)")
            #expect(try again.decode(tokenizer.encode(text)) == tokenizer.decode(tokenizer.encode(text)))
        }
        #expect(again.bosTokenID == 1 && again.configuration.addsBOS)
        #expect(again.configuration.chatTemplate?.text == "{{ x }}")
    }

    @Test func damagedVocabulariesAreRefused() throws {
        let tokenizer = try Self.byteLevelTokenizer()
        func error(_ key: String, _ value: GGUFValue?) -> String {
            let error = #expect(throws: (any Error).self) {
                try Self.again(tokenizer, size: 262) { metadata in
                    metadata.removeAll { $0.key == "tokenizer.ggml.\(key)" }
                    if let value { metadata.append(("tokenizer.ggml.\(key)", value)) }
                }
            }
            return error.map { "\($0)" } ?? ""
        }
        #expect(error("tokens", nil).contains("has no 'tokenizer.ggml.tokens'"))
        #expect(error("token_type", .integers([1])).contains("a list of 262 whole numbers"))
        #expect(error("merges", nil).contains("tokenizer.ggml.merges"))
        #expect(error("merges", .texts(["l nothing"])).contains("nothing"))
        #expect(error("pre", .text("poro-chat")).contains("poro-chat"))
        #expect(error("model", .text("bert")).contains("bert"))
        #expect(error("tokens", .texts(Array(repeating: "x", count: 262))).contains("two tokens named 'x'"))
        // More tokens than the model has rows.
        #expect(throws: TokenizerError.self) { try tokenizer.ggufMetadata(size: 100, endTokens: []) }
    }
}
