import JSONDocuments
import Testing
import Tokenization

/// Broken and malicious tokenizer files end in a typed error, in bounded time.
struct HostileTokenizerTests {
    static let model: JSONValue = [
        "type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2, "aa": 3, "aaaa": 4], "merges": ["a b", "a a", "aa aa"],
    ]

    private func load(_ changes: JSONObject = [:], model: JSONObject = [:]) throws -> Tokenizer {
        var base = Self.model
        for (key, value) in model { base[key] = value }
        var root: JSONValue = ["model": base]
        for (key, value) in changes { root[key] = value }
        return try Tokenizer(json: root.serializedBytes())
    }

    @Test(arguments: [
        ("", "unexpected"), ("[]", "an object"), ("{}", "model"), ("{\"model\":null}", "model"),
        ("{\"model\":{}}", "type"),
        ("{\"model\":{\"type\":\"BPE\"}}", "vocab"), ("{\"model\":{\"type\":\"BPE\",\"vocab\":[]}}", "vocab"),
        ("{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}", "merges"), ("{\"model\":{\"type\":\"Unigram\"}}", "Unigram"),
        ("{\"model\":{\"type\":\"WordPiece\"}}", "WordPiece"), ("{\"model\":{\"type\":3}}", "model.type"),
        ("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"a\":1},\"merges\":[]}}", "same key"),
    ])
    func brokenFiles(text: String, mention: String) {
        #expect { try Tokenizer(json: Array(text.utf8)) } throws: { error in
            let message = (error as? TokenizerError)?.description ?? ""
            return text.isEmpty ? !message.isEmpty : message.contains(mention)
        }
    }

    @Test(
        arguments: [
            ["vocab": ["a": -1]], ["vocab": ["a": 16_777_216]], ["vocab": ["a": 4_294_967_296]], ["vocab": ["a": 1.5]],
            ["vocab": ["a": "0"]], ["vocab": ["a": .null]], ["merges": ["a"]], ["merges": ["a b c"]],
            ["merges": [["a"]]],
            ["merges": [["a", "b", "c"]]], ["merges": [["a", 1]]], ["merges": [1]], ["merges": ["a x"]],
            ["merges": ["b a"]],
            ["merges": "a b"], ["unk_token": "<unk>"], ["unk_token": 3], ["dropout": 0.5], ["dropout": 2],
            ["byte_fallback": 1],
            ["continuing_subword_prefix": 1], ["continuing_subword_prefix": "####"],
        ] as [JSONObject])
    func brokenModels(changes: JSONObject) {
        #expect(throws: TokenizerError.self) { try load(model: changes) }
    }

    @Test(
        arguments: [
            ["normalizer": ["type": "Precompiled", "precompiled_charsmap": ""]], ["normalizer": ["type": "Nmt"]],
            ["normalizer": ["type": "Sequence"]], ["normalizer": "NFC"], ["normalizer": ["type": "Strip"]],
            ["pre_tokenizer": ["type": "UnicodeScripts"]], ["pre_tokenizer": ["type": "Digits"]],
            ["pre_tokenizer": ["type": "Metaspace", "replacement": "ab"]],
            ["pre_tokenizer": ["type": "Metaspace", "replacement": "a", "prepend_scheme": "x"]],
            ["pre_tokenizer": ["type": "Split", "pattern": ["Regex": "("], "behavior": "Isolated", "invert": false]],
            [
                "pre_tokenizer": [
                    "type": "Split", "pattern": ["Regex": "[a&&b]"], "behavior": "Isolated", "invert": false,
                ]
            ],
            [
                "pre_tokenizer": [
                    "type": "Split", "pattern": ["Regex": "[a[b]]"], "behavior": "Isolated", "invert": false,
                ]
            ],
            [
                "pre_tokenizer": [
                    "type": "Split", "pattern": ["Regex": "\\p{NoSuch}"], "behavior": "Isolated", "invert": false,
                ]
            ],
            ["pre_tokenizer": ["type": "Split", "pattern": ["Regex": "a"], "behavior": "Sideways", "invert": false]],
            ["pre_tokenizer": ["type": "Split", "pattern": "a", "behavior": "Isolated", "invert": false]],
            ["post_processor": ["type": "BertProcessing", "cls": ["[CLS]"], "sep": ["[SEP]", 1]]],
            ["post_processor": ["type": "BertProcessing", "cls": ["[CLS]", -1], "sep": ["[SEP]", 1]]],
            [
                "post_processor": [
                    "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x", "type_id": 0]]],
                    "special_tokens": [:],
                ]
            ],
            ["decoder": ["type": "CTC"]], ["decoder": ["type": "Strip", "content": " ", "start": -1, "stop": 0]],
            ["added_tokens": [["id": 5, "content": "x"]]], ["added_tokens": ["x"]],
            [
                "added_tokens": [
                    [
                        "id": -5, "content": "x", "single_word": false, "lstrip": false, "rstrip": false,
                        "normalized": false,
                        "special": true,
                    ]
                ]
            ],
        ] as [JSONObject])
    func brokenParts(changes: JSONObject) {
        #expect(throws: TokenizerError.self) { try load(changes) }
    }

    @Test func patternsThatBacktrackWithoutBoundAreStopped() throws {
        for pattern in ["(a+)+\\d", "(?:a|a)*\\d", "(.*)*\\d", "(?:(?:a*)*)*\\d"] {
            let tokenizer = try load([
                "pre_tokenizer": [
                    "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
                ]
            ])
            let start = ContinuousClock.now
            #expect(throws: TokenizerError.patternTooExpensive(pattern: pattern)) {
                try tokenizer.encode(String(repeating: "a", count: 5000) + "!")
            }
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test func patternsCannotRecurseForEver() {
        let nested = String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000)
        for pattern in [nested, String(repeating: "a", count: 100_000)] {
            #expect(throws: TokenizerError.self) {
                try load([
                    "normalizer": ["type": "Replace", "pattern": ["Regex": .string(pattern)], "content": ""]
                ])
            }
        }
    }

    @Test func oneLongWordIsMergedInTime() throws {
        let tokenizer = try load()
        let start = ContinuousClock.now
        let ids = try tokenizer.encode(String(repeating: "a", count: 200_000))
        #expect(ids == [Int32](repeating: 4, count: 50_000))
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func manyAddedTokensLoadInTime() throws {
        let tokens: [JSONValue] = (0..<100_000).map { number in
            [
                "id": .integer(Int64(number + 5)), "content": .string("<extra_\(number)>"), "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": .bool(number % 2 == 0), "special": false,
            ]
        }
        let start = ContinuousClock.now
        let tokenizer = try load(["added_tokens": .array(tokens), "normalizer": ["type": "NFC"]])
        #expect(try tokenizer.encode("a<extra_99999><extra_4>ab") == [0, 100_004, 9, 2])
        #expect(tokenizer.vocabularySize == 100_005)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func anAddedTokenHasABoundedLength() throws {
        var tokenizer = try load()
        #expect(throws: TokenizerError.tokenTooLong(bytes: 1025, limit: 1024)) {
            try tokenizer.addTokens([AddedToken(content: String(repeating: "x", count: 1025))])
        }
    }

    @Test func mergesMayBeOddButHarmless() throws {
        let tokenizer = try load(model: [
            "vocab": ["a": 0, "": 1, "aa": 2, "b": 2], "merges": [["a", ""], ["", ""], ["a", "a"], ["a", "a"]],
        ])
        #expect(try tokenizer.encode("aaa") == [2, 0])
        #expect(try tokenizer.encode("xyz") == [])
        #expect(try tokenizer.decode([0, -1, 999_999, .max, .min, 0]) == "a a")
    }
}
