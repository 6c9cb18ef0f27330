import Foundation
import JSONDocuments
import Tokenization

/// Small tokenizers and what the `tokenizers` package does with them; made by scripts/fixtures/small_tokenizers.py.
enum TokenizerFixtures {
    static func json(_ name: String) throws -> JSONValue {
        let url = Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json")
        return try JSONValue(parsing: Array(try Data(contentsOf: url ?? URL(fileURLWithPath: name))))
    }

    /// A tokenizer around one part, with a word-level model of one token.
    static func tokenizer(_ part: String, _ description: JSONValue) throws -> Tokenizer {
        try Tokenizer(json: shell([part: description]).serializedBytes())
    }

    static func shell(_ changes: JSONObject) -> JSONValue {
        var root: JSONValue = ["model": ["type": "WordLevel", "vocab": ["[UNK]": 0], "unk_token": "[UNK]"]]
        for (key, value) in changes { root[key] = value }
        return root
    }

    /// A base with members, and members of its model, replaced.
    static func pipeline(_ entry: JSONValue, bases: JSONValue?) throws -> Tokenizer {
        guard var root = bases?[entry["base"]?.string ?? ""], var model = root["model"] else {
            throw FixtureError.missingBase
        }
        for (key, value) in entry["changes"]?.object ?? [:] { root[key] = value }
        for (key, value) in entry["model"]?.object ?? [:] { model[key] = value }
        root["model"] = model
        var tokenizer = try Tokenizer(json: root.serializedBytes())
        tokenizer.splitsSpecialTokens = entry["splits_special_tokens"]?.bool ?? false
        return tokenizer
    }

    /// The base tokenizer of a name as bytes of a tokenizer.json.
    static func base(_ name: String) throws -> JSONValue {
        guard let base = try json("pipelines")["bases"]?[name] else { throw FixtureError.missingBase }
        return base
    }

    enum FixtureError: Error { case missingBase }
}

extension String {
    /// Byte for byte; `==` would equate canonically equivalent texts.
    func isExactly(_ other: String?) -> Bool { other.map { utf8.elementsEqual($0.utf8) } ?? false }
}
