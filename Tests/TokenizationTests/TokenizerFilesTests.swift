import Foundation
import JSONDocuments
import Testing
import Tokenization

/// Folders of tokenizer files: what is read from them and what is written back.
struct TokenizerFilesTests {
    /// A folder that is removed at the end.
    final class Folder {
        let path = NSTemporaryDirectory() + "tokenizer-tests-\(UUID().uuidString)"

        init(_ files: [String: String]) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        }

        func text(_ name: String) throws -> String? {
            FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
        }

        func tokenizer() throws -> Tokenizer { try Tokenizer(directory: path) }

        func write(_ files: [TokenizerFile]) throws {
            for file in files { try Data(file.contents).write(to: URL(fileURLWithPath: "\(path)/\(file.name)")) }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func folder(configuration: String?, _ more: [String: String] = [:]) throws -> Folder {
        var files = more
        files["tokenizer.json"] = try TokenizerFixtures.base("byte level").serialized(.indented(1))
        files["tokenizer_config.json"] = configuration
        return try Folder(files)
    }

    @Test func rolesAreStringsOrObjects() throws {
        let folder = try folder(
            configuration: """
                {"bos_token": {"content": "<s>", "lstrip": false, "normalized": false, "rstrip": false,
                 "single_word": false, "special": true}, "eos_token": "</s>", "pad_token": null,
                 "additional_special_tokens": ["<tool>", {"content": "<call>"}], "chat_template": "{{ x }}",
                 "added_tokens_decoder": {"301": {"content": "late", "special": false}, "300": {"content": "<early>",
                 "lstrip": true, "special": true}}}
                """, ["special_tokens_map.json": "{\"pad_token\": \"<pad>\", \"eos_token\": \"other\"}"])
        let tokenizer = try folder.tokenizer()
        // A file that lists tokens by id leaves nothing for the older map to say.
        #expect(tokenizer.bosToken == "<s>" && tokenizer.eosToken == "</s>" && tokenizer.padToken == nil)
        #expect(tokenizer.unkToken == nil && tokenizer.unkTokenID == nil)
        #expect(tokenizer.additionalSpecialTokens == ["<tool>", "<call>"])
        #expect(tokenizer.configuration.chatTemplate == .single("{{ x }}"))
        #expect(tokenizer.tokenID(of: "<early>") == 300 && tokenizer.tokenID(of: "late") == 301)
        #expect(tokenizer.vocabularySize == 306 && tokenizer.identifierLimit == 306)
        #expect(try tokenizer.encode("<call>  <early>late") == [305, 300, 301])
        #expect(tokenizer.isSpecial(305) && tokenizer.isSpecial(300) && !tokenizer.isSpecial(301))
        #expect(try tokenizer.decode([305, 301, 300], skippingSpecialTokens: true) == "late")
    }

    @Test func theConfigurationMayDecideAboutTheEnds() throws {
        let both = try folder(
            configuration:
                "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\",\"add_bos_token\":true,\"add_eos_token\":true}")
        var tokenizer = try both.tokenizer()
        let a = try #require(tokenizer.tokenID(of: "a"))
        #expect(try tokenizer.encode("a", addingSpecialTokens: true) == [300, a, 301])
        #expect(try tokenizer.encode("a") == [a])
        try tokenizer.setToken("<end>", for: .eos)
        #expect(try tokenizer.encode("a", addingSpecialTokens: true) == [300, a, 302])
        let neither = try folder(configuration: "{\"add_bos_token\":false}").tokenizer()
        #expect(try neither.encode("a", addingSpecialTokens: true) == [a])
        let withoutToken = try folder(configuration: "{\"add_bos_token\":true}").tokenizer()
        #expect(try withoutToken.encode("a", addingSpecialTokens: true) == [a])
    }

    @Test func chatTemplatesComeFromTheirFileOrTheConfiguration() throws {
        let named =
            "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"T\"},{\"name\":\"default\",\"template\":\"D\"}]}"
        let list = try folder(configuration: named).tokenizer()
        #expect(list.configuration.chatTemplate?.text == "D")
        let file = try folder(configuration: named, ["chat_template.jinja": "{% raw %}\r\n \u{E9}"])
        let tokenizer = try file.tokenizer()
        #expect(tokenizer.configuration.chatTemplate == .single("{% raw %}\r\n \u{E9}"))
        let alone = try folder(configuration: nil, ["chat_template.jinja": "x"]).tokenizer()
        #expect(alone.configuration.chatTemplate?.text == "x")
        #expect(throws: TokenizerError.self) { try folder(configuration: "[]").tokenizer() }
        #expect(throws: TokenizerError.self) {
            try folder(configuration: "{\"eos_token\":1}").tokenizer()
        }
        #expect(throws: TokenizerError.self) { try folder(configuration: "{").tokenizer() }
    }

    @Test func anUnchangedTokenizerIsCopied() throws {
        let files = [
            "chat_template.jinja": "{{ m }}\n", "special_tokens_map.json": "{ \"eos_token\" :  \"</s>\" }",
            "merges.txt": "#version: 0.2\n",
        ]
        let source = try folder(configuration: "{\n\"eos_token\":   \"</s>\"\n}", files)
        let target = try Folder([:])
        try target.write(source.tokenizer().files())
        for name in ["tokenizer.json", "tokenizer_config.json"] + files.keys {
            let saved = try target.text(name)
            #expect(try saved != nil && saved == source.text(name), "\(name)")
        }
    }

    @Test func changesAreSavedAndReadAgain() throws {
        let source = try folder(
            configuration: "{\"eos_token\":\"</s>\",\"eos_token_id\":300,\"chat_template\":\"old\",\"x\":[1]}")
        var tokenizer = try source.tokenizer()
        let untouched = tokenizer
        #expect(try tokenizer.setToken("<end>", for: .eos))
        #expect(try !tokenizer.setToken("<end>", for: .pad))
        #expect(try tokenizer.addSpecialTokens(["<one>", "<end>", "<one>", "a"]) == 1)
        #expect(try tokenizer.addTokens([AddedToken(content: "plain token", singleWord: true)]) == 1)
        tokenizer.setChatTemplate("new")
        let target = try Folder([:])
        try target.write(tokenizer.files())
        let again = try target.tokenizer()
        let text = "</s>x<end>plain tokens plain token<one>"
        #expect(try again.encode(text) == tokenizer.encode(text))
        #expect(again.eosToken == "<end>" && again.padTokenID == 301 && again.eosTokenID == 301)
        #expect(again.additionalSpecialTokens == ["<one>", "<end>", "a"])
        #expect(again.configuration.chatTemplate?.text == "new")
        let configuration = try JSONValue(parsing: try #require(try target.text("tokenizer_config.json")))
        #expect(
            configuration["eos_token_id"] == 301 && configuration["x"] == [1] && configuration["chat_template"] == nil)
        #expect(try target.text("chat_template.jinja") == "new")
        #expect(untouched.eosToken == "</s>" && untouched.tokenID(of: "<end>") == nil)
        let model = try JSONValue(parsing: try #require(try target.text("tokenizer.json")))["model"]
        #expect(try model == TokenizerFixtures.base("byte level")["model"])
        withExtendedLifetime(source) {}
    }

    /// A key that a file does not have must not come back as null, which other loaders trip over.
    @Test(arguments: [false, true]) func tokensByIDAreSavedWhereTheyWere(listed: Bool) throws {
        let decoder = listed ? ",\"added_tokens_decoder\":{\"300\":{\"content\":\"<s>\"}}" : ""
        let folder = try folder(configuration: "{\"eos_token\":\"</s>\"\(decoder)}")
        var tokenizer = try folder.tokenizer()
        try tokenizer.setToken("<end>", for: .eos)
        let files = try tokenizer.files()
        withExtendedLifetime(folder) {}
        let saved = try #require(files.first { $0.name == "tokenizer_config.json" })
        let entries = try JSONValue(parsing: saved.contents).object
        #expect(entries?.contains("added_tokens_decoder") == listed)
        let contents = entries?["added_tokens_decoder"]?.object?.values.compactMap { $0["content"]?.string }
        #expect(contents?.contains("<end>") ?? !listed)
    }

    @Test func anAbsentFolderIsNamed() {
        #expect(throws: TokenizerError.missingFile(path: "/nonexistent/tokenizer.json")) {
            try Tokenizer(directory: "/nonexistent")
        }
    }
}
