import ChatTemplates
import Testing
import Tokenization

struct TemplateEncodingTests {
    func pairs(
        _ name: String, _ dialog: Dialog, discarding: Bool = false, change: (inout ChatTemplate) -> Void = { _ in }
    ) throws -> [[String]] {
        var template = try ChatTemplate.named(name)
        change(&template)
        var tokenizer = try TemplateFixtures.characters()
        _ = try template.fix(&tokenizer)
        return try template.encode(dialog, with: tokenizer, discardingHistoryThoughts: discarding)
            .map { try $0.texts(by: tokenizer) }
    }

    func oneTurn(
        _ name: String, _ dialog: Dialog, change: (inout ChatTemplate) -> Void = { _ in }
    ) throws -> [String] {
        var template = try ChatTemplate.named(name)
        change(&template)
        let tokenizer = try TemplateFixtures.characters()
        return try template.encodeOneTurn(dialog, with: tokenizer).texts(by: tokenizer)
    }

    // MARK: - Slots

    /// A system text that the dialog does not bring comes from the template; an empty default drops the block.
    @Test func defaultSystemText() throws {
        let dialog = Dialog.turns("Hi", "Hello")
        let system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
        let turn = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        #expect(
            try pairs("qwen", dialog)[0] == ["<|im_start|>system\n\(system)<|im_end|>\n" + turn, "Hello<|im_end|>\n"])
        #expect(try pairs("qwen", dialog) { $0.defaultSystem = "" }[0][0] == turn)
        #expect(
            try pairs("qwen", .turns("Hi", "Hello", system: "Be kind.")) { $0.defaultSystem = "x" }[0][0]
                == "<|im_start|>system\nBe kind.<|im_end|>\n" + turn)
    }

    /// Only the first placeholder is replaced, and the turn's number after the content.
    @Test func placeholdersInContent() throws {
        let dialog = Dialog.turns("{{content}} {{idx}} {{idx}}", "{{content}}{{idx}}", "b", "c")
        #expect(
            try pairs("deepseek", dialog)[0] == [
                "<s>User: {{content}} 0 {{idx}}\n\nAssistant:", "{{content}}{{idx}}</s>",
            ])
        // Templates that put the system text into the first question do not number their turns.
        #expect(try pairs("llama2", dialog)[0][0] == "<s>[INST] {{content}} {{idx}} {{idx}} [/INST]")
    }

    /// The system text of the llama2 kind is lost if the dialog does not begin with a question.
    @Test func systemTextInsideTheFirstQuestion() throws {
        #expect(
            try pairs("llama2", .turns("Hi", "Hello", system: "S"))[0][0]
                == "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nHi [/INST]")
        let observation = Dialog(
            messages: [
                ChatMessage(role: .observation, content: "O"), ChatMessage(role: .assistant, content: "A"),
            ], system: "S")
        #expect(try pairs("llama2", observation)[0][0] == "<s>[INST] O [/INST]")
    }

    /// Special tokens in a message become their ids, and no token is made across a slot's border.
    @Test func slotsAreTokenizedApart() throws {
        let tokenizer = try TemplateFixtures.characters()
        let pair = try ChatTemplate.named("chatglm3").encode(.turns("<|user|>", "\r\n"), with: tokenizer)[0]
        let ids = ["[gMASK]", "sop", "<|user|>", "\n", "<|user|>", "<|assistant|>"].map { tokenizer.tokenID(of: $0) }
        #expect(pair.source.map(Optional.some) == ids)
        #expect(pair.target.count == 3)
    }

    @Test func unknownSingleTokensBecomeTheUnknownToken() throws {
        let tokenizer = try TemplateFixtures.bare()
        let pair = try ChatTemplate.named("bluelm").encode(.turns("a", "b"), with: tokenizer)[0]
        #expect(pair.source == [0, tokenizer.tokenID(of: "a"), 0])
    }

    @Test func anEmptyListOfToolsLeavesAnEmptySystemBlock() throws {
        #expect(
            try pairs("chatml", .turns("Hi", "Hello", tools: " []"))[0][0]
                == "<|im_start|>system\n<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    }

    // MARK: - One turn

    @Test func thePromptIsAllButTheLastMessage() throws {
        #expect(
            try oneTurn("default", .turns("Hi", "Yo", "Q", "A"))
                == ["Human: Hi</s>\nAssistant:Yo</s>\nHuman: Q</s>\nAssistant:", "A</s>\n"])
        let tokenizer = try TemplateFixtures.characters()
        let prompt = try ChatTemplate.named("mistral").prompt(for: .turns("q1"), with: tokenizer)
        #expect(try tokenizer.decode(prompt, skippingSpecialTokens: false) == "<s>[INST] q1[/INST]")
    }

    // MARK: - Thoughts

    struct ThoughtCase: Sendable {
        var withThoughts: Bool
        var thinking: Bool?
        var discarding = false
        var sources: [String]
        var targets: [String]
        var oneTurn: [String]
    }

    static func question(_ number: Int) -> String {
        "<|im_start|>user\nq\(number)<|im_end|>\n<|im_start|>assistant\n"
    }
    static let first = question(1) + "a1<|im_end|>\n" + question(2)
    static let none = "<think>\n\n</think>\n\n"
    static let thoughtCases = [
        ThoughtCase(
            withThoughts: true, thinking: true, sources: [question(1), question(2)],
            targets: ["<think>\nt1\n</think>\n\na1<|im_end|>\n", "<think>\nt2\n</think>\n\na2<|im_end|>\n"],
            oneTurn: [first, "<think>\nt2\n</think>\n\na2<|im_end|>\n"]),
        ThoughtCase(
            withThoughts: true, thinking: false, sources: [question(1) + none, question(2) + none],
            targets: ["a1<|im_end|>\n", "a2<|im_end|>\n"], oneTurn: [first + none, "a2<|im_end|>\n"]),
        ThoughtCase(
            withThoughts: true, thinking: true, discarding: true, sources: [question(1), question(2)],
            targets: ["a1<|im_end|>\n", "<think>\nt2\n</think>\n\na2<|im_end|>\n"],
            oneTurn: [first, "<think>\nt2\n</think>\n\na2<|im_end|>\n"]),
        ThoughtCase(
            withThoughts: false, thinking: true, sources: [question(1), question(2)],
            targets: [none + "a1<|im_end|>\n", none + "a2<|im_end|>\n"], oneTurn: [first, none + "a2<|im_end|>\n"]),
        ThoughtCase(
            withThoughts: false, thinking: false, sources: [question(1) + none, question(2) + none],
            targets: ["a1<|im_end|>\n", "a2<|im_end|>\n"], oneTurn: [first + none, "a2<|im_end|>\n"]),
        ThoughtCase(
            withThoughts: false, thinking: nil, sources: [question(1) + none, question(2) + none],
            targets: ["a1<|im_end|>\n", "a2<|im_end|>\n"], oneTurn: [first + none, "a2<|im_end|>\n"]),
        ThoughtCase(
            withThoughts: false, thinking: true, discarding: true, sources: [question(1), question(2)],
            targets: ["a1<|im_end|>\n", none + "a2<|im_end|>\n"], oneTurn: [first, none + "a2<|im_end|>\n"]),
    ]

    @Test(arguments: thoughtCases) func thoughtsOfQwen3(_ test: ThoughtCase) throws {
        let dialog =
            test.withThoughts
            ? Dialog.turns("q1", "<think>\nt1\n</think>\n\na1", "q2", "<think>\nt2\n</think>\n\na2")
            : .turns("q1", "a1", "q2", "a2")
        let multi = try pairs("qwen3", dialog, discarding: test.discarding) { $0.enablesThinking = test.thinking }
        #expect(multi == zip(test.sources, test.targets).map { [$0, $1] })
        #expect(try oneTurn("qwen3", dialog) { $0.enablesThinking = test.thinking } == test.oneTurn)
    }

    /// A thought in other words than the template's counts as one but is not removed.
    @Test func thoughtsInOtherWords() throws {
        let dialog = Dialog.turns("q1", "<think>x</think>a", "q2", "\n<think>\nu\n</think>\n\n\n\nb")
        #expect(
            try pairs("qwen3", dialog) { $0.enablesThinking = false }.map { $0[1] }
                == ["<think>x</think>a<|im_end|>\n", "b<|im_end|>\n"])
    }

    // MARK: - Refusals

    @Test func whatIsRefused() throws {
        #expect(throws: ChatTemplateError.unknownTemplate(name: "qwen4", nearest: "qwen")) {
            try ChatTemplate.named("qwen4")
        }
        #expect(throws: ChatTemplateError.unknownTemplate(name: "nothing like it", nearest: nil)) {
            try ChatTemplate.named("nothing like it")
        }
        #expect(throws: ChatTemplateError.templateNone) { try ChatTemplate.named("none") }
        #expect(throws: ChatTemplateError.mediaMark("<image>", index: 0, template: "qwen2_vl")) {
            try pairs("qwen2_vl", .turns("see <image>", "a"))
        }
        #expect(try pairs("qwen", .turns("see <image>", "a")).count == 1)
        #expect(throws: ChatTemplateError.oddDialog(count: 1)) { try pairs("qwen", .turns("Hi")) }
    }
}
