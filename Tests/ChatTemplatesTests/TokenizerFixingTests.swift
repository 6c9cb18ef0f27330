import ChatTemplates
import Foundation
import JSONDocuments
import Testing
import Tokenization

/// A template's changes to a tokenizer that has only `<unk> <s> </s> <pad>` and characters.
struct TokenizerFixingTests {
    struct Case: Sendable {
        var template: String
        var end: String
        var newTokens: Int
        var stop: [String]
    }

    static let cases = [
        Case(template: "llama3", end: "<|eot_id|>", newTokens: 2, stop: ["<|eot_id|>", "<|eom_id|>"]),
        Case(template: "qwen", end: "<|im_end|>", newTokens: 1, stop: ["<|im_end|>"]),
        Case(template: "default", end: "</s>", newTokens: 0, stop: ["</s>"]),
        Case(template: "glm4", end: "</s>", newTokens: 2, stop: ["</s>", "<|user|>", "<|observation|>"]),
        Case(template: "yi", end: "</s>", newTokens: 1, stop: ["</s>", "<|im_end|>"]),
        Case(template: "chatml", end: "<|im_end|>", newTokens: 2, stop: ["<|im_end|>", "<|im_start|>"]),
        Case(template: "phi_small", end: "<|end|>", newTokens: 1, stop: ["<|end|>"]),
        Case(template: "yi_vl", end: "</s>", newTokens: 1, stop: ["</s>", "###"]),
    ]

    @Test(arguments: cases) func endPaddingAndStopTokens(_ test: Case) throws {
        let template = try ChatTemplate.named(test.template)
        var tokenizer = try TemplateFixtures.bare()
        let changes = try template.fix(&tokenizer)
        #expect(tokenizer.eosToken == test.end)
        #expect(tokenizer.padToken == "<pad>")
        #expect(changes.addedTokens.count == test.newTokens)
        let stop = template.stopTokenIDs(of: tokenizer)
        #expect(stop == test.stop.compactMap { tokenizer.tokenID(of: $0) })
        #expect(stop.count == test.stop.count)
        #expect(changes.warnings.isEmpty == (test.newTokens == 0))
    }

    @Test func aTokenizerWithoutEndOrPaddingGetsBoth() throws {
        let json = try Data(contentsOf: URL(filePath: TemplateFixtures.folder + "/bare-tokenizer/tokenizer.json"))
        var tokenizer = try Tokenizer(json: Array(json), configuration: TokenizerConfiguration(["unk_token": "<unk>"]))
        let changes = try ChatTemplate.named("default").fix(&tokenizer)
        #expect(tokenizer.eosToken == "<|endoftext|>" && tokenizer.padToken == "<|endoftext|>")
        #expect(changes.addedTokens == ["<|endoftext|>"])
    }

    /// The chat template that is saved with the tokenizer: written where there is none, else only where it must be.
    @Test func chatTemplateOfTheTokenizer() throws {
        func saved(_ name: String, existing: String? = nil) throws -> String? {
            var tokenizer = try TemplateFixtures.bare()
            if let existing { tokenizer.setChatTemplate(existing) }
            _ = try ChatTemplate.named(name).fix(&tokenizer)
            return tokenizer.configuration.chatTemplate?.text
        }
        let head =
            "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
            + "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% endif %}"
        #expect(
            try saved("default")
                == head
                + "{% if system_message is defined %}{{ 'System: ' + system_message + '</s>' + '\n' }}{% endif %}"
                + "{% for message in loop_messages %}{% set content = message['content'] %}"
                + "{% if message['role'] == 'user' %}{{ 'Human: ' + content + '</s>' + '\nAssistant:' }}"
                + "{% elif message['role'] == 'assistant' %}{{ content + '</s>' + '\n' }}{% endif %}{% endfor %}")
        #expect(try saved("default", existing: "x") != "x")
        #expect(try saved("qwen", existing: "x") == "x")
        #expect(try saved("chatglm3") == nil)
        #expect(try saved("llama2")?.contains("{% if loop.index0 == 0 and system_message is defined %}") == true)
        #expect(try saved("marco")?.hasPrefix("{% set system_message = '") == true)
    }
}
