import JSONDocuments
import REPL
import ServiceAPI
import Testing

struct ConversationTests {
    @Test func settingsReplaceEachOther() {
        var conversation = Conversation(settings: ["template=qwen", "temperature=1"])
        conversation.set("temperature=0.5")
        #expect(conversation.settings == ["template=qwen", "temperature=0.5"])
        conversation.set("template=")
        #expect(conversation.settings == ["temperature=0.5"])
    }

    @Test func theAdapterCanBePutAside() {
        var conversation = Conversation(model: "m", adapter: "a")
        #expect(conversation.activeAdapter == "a")
        conversation.usesAdapter = false
        #expect(conversation.activeAdapter == nil && conversation.adapter == "a")
    }

    @Test func dialoguesGrowAndShrink() {
        var conversation = Conversation(model: "m")
        conversation.system = "be brief"
        conversation.ask("one")
        conversation.record("one", answer: "1")
        #expect(conversation.dialogue(with: "two").map(\.role) == ["system", "user", "assistant", "user"])
        // A prompt whose answer was stopped is not in the dialogue, so that nothing is dropped for it.
        conversation.ask("two")
        conversation.dropLastExchange()
        #expect(conversation.messages.count == 2)
        conversation.ask("one")
        conversation.dropLastExchange()
        #expect(conversation.messages.isEmpty)
    }

    @Test func savedDialoguesComeBack() throws {
        var conversation = Conversation(model: "m")
        conversation.system = "be brief"
        conversation.record("one", answer: "1")
        var other = Conversation(model: "n")
        try other.load(conversation.saved)
        #expect(other.system == "be brief" && other.messages == conversation.messages)
        #expect(other.lastPrompt == "one" && other.model == "n")
        try other.load([["role": "user", "content": "alone"]])
        #expect(other.system == nil && other.messages.count == 1)
    }

    @Test func dialoguesWithToolsComeBack() throws {
        let call: JSONValue = ["id": "c1", "type": "function", "function": ["name": "f", "arguments": "{}"]]
        let dialogue: JSONValue = [
            "messages": [
                ["role": "user", "content": [["type": "text", "text": "tide?"]]],
                ["role": "assistant", "content": .null, "tool_calls": [call]],
                ["role": "tool", "tool_call_id": "c1", "content": "1"],
            ]
        ]
        var conversation = Conversation()
        try conversation.load(dialogue)
        #expect(conversation.lastPrompt == "tide?" && conversation.messages.count == 3)
        #expect(conversation.messages[1].toolCalls == [call.object ?? [:]])
        var other = Conversation()
        try other.load(conversation.saved)
        #expect(other.messages == conversation.messages)
    }

    @Test func whatIsNoDialogueIsRefused() {
        var conversation = Conversation()
        conversation.record("kept", answer: "yes")
        let before = conversation
        let cases: [(JSONValue, DialogueFileError)] = [
            ("text", .noMessages), (["messages": 3], .noMessages),
            ([["role": "user"]], .noRoleOrContent(number: 1)),
            ([["role": "bot", "content": "x"]], .unknownRole("bot", number: 1)),
            ([["role": "assistant", "content": .null, "tool_calls": []]], .noRoleOrContent(number: 1)),
            (
                [["role": "user", "content": "x"], ["role": "system", "content": "y"]], .lateSystemMessage(number: 2)
            ),
        ]
        for (value, expected) in cases {
            #expect(throws: expected) { try conversation.load(value) }
            #expect(conversation == before)
        }
    }

    @Test func figures() {
        let result: JSONValue = [
            "ids": [1, 2, 3, 4], "prompt_tokens": 9, "prompt_seconds": 0.5, "generation_seconds": 2.0,
        ]
        let figures = AnswerFigures(result: result, firstPiece: 0.75, total: 3)
        #expect(figures.tokensPerSecond == 2)
        #expect(figures.json["first_piece_seconds"] == 0.75)
        #expect(AnswerFigures(result: [:], firstPiece: nil, total: 1).tokensPerSecond == nil)
    }
}
