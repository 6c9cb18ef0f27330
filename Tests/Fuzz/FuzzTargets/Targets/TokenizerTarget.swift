import JSONDocuments
import Tokenization

/// tokenizer.json, and the files beside it that speak of tokens: refused, or a tokenizer that encodes and decodes.
struct TokenizerTarget: FuzzTarget {
    static let name = "tokenizer"
    static let tokens = [
        "\"type\":", "\"Sequence\"", "\"Split\"", "\"ByteLevel\"", "\"Metaspace\"", "\"Replace\"", "\"NFC\"",
        "\"Strip\"",
        "\"Fuse\"", "\"ByteFallback\"", "\"TemplateProcessing\"", "(a+)+$", "\\\\p{L}", "\"merges\":", "\"vocab\":",
        "\"content\":",
    ]
    static var seeds: [[UInt8]] {
        [
            #"""
            {"version":"1.0","added_tokens":[{"id":5,"content":"<s>","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{L}+|\\s"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[5],"tokens":["<s>"]}}},"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"aa":3,"_":4},"merges":["a b","a a"],"unk_token":null,"byte_fallback":false,"ignore_merges":true}}
            """#,
            #"{"model":{"type":"BPE","vocab":{"a":0,"<0x61>":1,"▁":2},"merges":[],"byte_fallback":true,"fuse_unk":true,"unk_token":"a"},"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}}"#,
            #"{"eos_token":"</s>","pad_token":{"content":"<p>","lstrip":true},"additional_special_tokens":["<x>"],"extra_special_tokens":{"image_token":"<i>"},"add_bos_token":true,"<y>":7}"#,
            #"{"added_tokens_decoder":{"5":{"content":"<s>","special":true},"6":{"content":"x","normalized":true}}}"#,
        ].map { Array($0.utf8) }
    }
    private static let text = "ab aab <s> é\u{301} 日本 \u{0} aaaaaaaaaaaaaaaaaaaa"

    func take(_ input: [UInt8]) throws {
        if let value = try? JSONValue(parsing: input), value["model"] == nil {
            let configuration = try TokenizerConfiguration(value, specialTokensMap: value, addedTokens: value)
            _ = try Tokenizer(json: Self.seeds[0], configuration: configuration).encode(Self.text)
        }
        let tokenizer = try Tokenizer(json: input)
        _ = try tokenizer.decode(tokenizer.encode(Self.text))
    }

    static func isExpected(_ error: any Error) -> Bool { error is TokenizerError }
}
