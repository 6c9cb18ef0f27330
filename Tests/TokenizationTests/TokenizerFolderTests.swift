import Foundation
import JSONDocuments
import Testing
import Tokenization

/// Folders whose files say different things about tokens, against what transformers makes of them; see
/// scripts/fixtures/tokenizer_folders.py.
struct TokenizerFolderTests {
    static let fixture: JSONValue = {
        let url = Bundle.module.url(forResource: "folders", withExtension: "json", subdirectory: "Fixtures")
        let bytes = url.flatMap { FileManager.default.contents(atPath: $0.path) }.map { Array($0) }
        return (bytes.flatMap { try? JSONValue(parsing: $0) }) ?? .null
    }()
    static let names = (fixture["cases"]?.array ?? []).compactMap { $0["name"]?.string }

    private func folder(
        addedTokens: JSONValue, _ files: JSONObject
    ) throws -> TokenizerFilesTests.Folder {
        var main = try #require(Self.fixture["tokenizer"])
        main["added_tokens"] = addedTokens
        var texts = ["tokenizer.json": main.serialized(.compact)]
        for (name, contents) in files { texts[name] = contents.serialized(.compact) }
        return try TokenizerFilesTests.Folder(texts)
    }

    private func check(_ tokenizer: Tokenizer, _ entry: JSONValue) throws {
        let text = try #require(Self.fixture["text"]?.string)
        let ids = (entry["ids"]?.array ?? []).compactMap { $0.integer.map { Int32($0) } }
        #expect(tokenizer.vocabularySize == entry["size"]?.integer.map { Int($0) })
        #expect(try tokenizer.encode(text) == ids)
        #expect(try tokenizer.decode(ids, skippingSpecialTokens: true) == entry["decoded"]?.string)
        let roles = TokenizerConfiguration.Role.allCases.compactMap { role in
            tokenizer.token(for: role).map { (key: role.rawValue, value: JSONValue.string($0)) }
        }
        #expect(JSONValue.object(JSONObject(roles)) == entry["roles"])
    }

    @Test func thereAreCases() { #expect(Self.names.count == 18) }

    @Test(arguments: names) func readAsTransformersDoes(name: String) throws {
        let entry = try #require(Self.fixture["cases"]?.array?.first { $0["name"]?.string == name })
        let folder = try folder(
            addedTokens: try #require(entry["added_tokens"]), try #require(entry["files"]?.object))
        let tokenizer = try folder.tokenizer()
        try check(tokenizer, entry)
        #expect(tokenizer.warnings.isEmpty)
        // What is saved says the same, whether it was changed before or not.
        for changes in [false, true] {
            var copy = tokenizer
            if changes { copy.setChatTemplate("{{ x }}") }
            let target = try TokenizerFilesTests.Folder([:])
            try target.write(copy.files())
            try check(target.tokenizer(), entry)
        }
        withExtendedLifetime(folder) {}
    }

    /// A token whose id nobody can give would use another token's row of the embedding.
    @Test(arguments: [
        ("added_tokens.json", #"{"<y>": 300}"#),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"300": {"content": "<y>"}}}"#),
    ])
    func idsThatCannotBeAreRefused(file: String, contents: String) throws {
        let folder = try folder(addedTokens: [], [file: JSONValue(parsing: contents)])
        let error = try #require(throws: TokenizerError.self) { try folder.tokenizer() }
        #expect(error == .wrongIdentifier(token: "<y>", listed: 300, found: 257, file: file))
        #expect(error.description.contains("'added_tokens' of tokenizer.json"))
    }

    @Test(arguments: [
        (#"{"added_tokens_decoder": {"258": {"content": "</s>"}}}"#, "'</s>' the id 258, tokenizer.json gives it 256"),
        (#"{"image_token": "<y>"}"#, "'image_token' is '<y>'"),
        (#"{"bos_token": "</s>", "add_bos_token": true}"#, "'add_bos_token'"),
        (#"{"add_prefix_space": true}"#, "'add_prefix_space'"),
        (#"{"fix_mistral_regex": true}"#, "'fix_mistral_regex'"),
        (#"{"auto_map": {"AutoTokenizer": ["code.Tokenizer", null]}}"#, "'auto_map'"),
    ])
    func whatIsNotFollowedIsSaid(configuration: String, mentioned: String) throws {
        let tokenizer = try folder(
            addedTokens: [], ["tokenizer_config.json": JSONValue(parsing: configuration)]
        ).tokenizer()
        #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains(mentioned), "\(tokenizer.warnings)")
    }

    /// What tokenizer.json says already needs no warning.
    @Test func agreementIsSilent() throws {
        let configuration = #"{"add_prefix_space": false, "add_bos_token": false, "fix_mistral_regex": false}"#
        let folder = try folder(addedTokens: [], ["tokenizer_config.json": JSONValue(parsing: configuration)])
        #expect(try folder.tokenizer().warnings.isEmpty)
    }
}
