import ChatTemplates
import Foundation
import JSONDocuments
import Testing
import Tokenization

/// Tools, calls and the calls read back, against the reference (scripts/fixtures/dialogs.py).
struct ToolFormatTests {
    static let fixture: JSONValue = {
        let text = try? Data(contentsOf: URL(filePath: TemplateFixtures.folder + "/tool-calls.json"))
        return text.flatMap { try? JSONValue(parsing: Array($0)) } ?? .null
    }()

    @Test(arguments: ToolFormat.allCases) func callsReadFromTexts(_ format: ToolFormat) throws {
        let texts = Self.fixture["texts"]?.array ?? []
        #expect(texts.count > 40)
        for (number, text) in texts.enumerated() {
            let expected = Self.fixture["calls"]?.array?.first {
                $0["format"]?.string == format.rawValue && $0["text"]?.integer == Int64(number)
            }
            let calls = format.calls(in: text.string ?? "")
            #expect(
                calls.map { $0.map { [$0.name, $0.arguments] } }
                    == expected?["calls"]?.array?.map { $0.array?.compactMap(\.string) ?? [] },
                "\(text)")
        }
    }

    /// The format that is asked for replaces the template's, and the template's frame around calls goes with it.
    @Test func anotherFormat() throws {
        let dialog = Dialog(
            messages: [
                ChatMessage(role: .user, content: "q"),
                ChatMessage(role: .function, content: #"{"name": "f", "arguments": {"a": 1.50}}"#),
            ], tools: #"[{"name": "f"}]"#)
        var tokenizer = try TemplateFixtures.characters()
        let template = try ChatTemplate.named("chatml").replacingToolFormat(.named("mistral"))
        _ = try template.fix(&tokenizer)
        let pair = try template.encode(dialog, with: tokenizer)[0].texts(by: tokenizer)
        #expect(
            pair == [
                #"<|im_start|>system"# + "\n"
                    + #"[AVAILABLE_TOOLS] [{"type": "function", "function": {"name": "f"}}][/AVAILABLE_TOOLS]<|im_end|>"#
                    + "\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n",
                #"[{"name": "f", "arguments": {"a": 1.5}}]<|im_end|>"#,
            ])
        #expect(template.calls(in: #"{"name": "f", "arguments": {}}"#) == [FunctionCall(name: "f", arguments: "{}")])
        #expect(throws: ChatTemplateError.self) { try ToolFormat.named("qwen4") }
    }

    @Test func whatIsWrongWithToolsAndCallsIsSaid() throws {
        func message(_ template: String = "qwen", tools: String? = nil, call: String = "{}") -> String {
            do {
                let dialog = Dialog(
                    messages: [ChatMessage(role: .user, content: "q"), ChatMessage(role: .function, content: call)],
                    tools: tools)
                _ = try ChatTemplate.named(template).encode(dialog, with: try TemplateFixtures.characters())
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message(call: "no").contains("it is not valid JSON: a value is expected at byte 0"))
        #expect(message(call: "{}").contains("a call needs a `name`"))
        #expect(message(call: #"{"name": "f"}"#).contains("the call of `f` needs `arguments`"))
        #expect(message(call: "[1]").contains("a call must be an object, not a number"))
        #expect(message(tools: "[").contains("they are not valid JSON"))
        #expect(message(tools: #"{"name": "f"}"#).contains("they must be a list of tools, not an object"))
        #expect(message("default", tools: #"[{"name": "f"}]"#).contains("`f` has no `parameters` with `properties`"))
        let call = #"{"name": "f", "arguments": "{}"}"#
        #expect(message("minimax2", call: call).contains("those of `f` must be an object, not a text"))
        #expect(message("glm4", call: "[\(call), \(call)]").contains("exactly one call a message, not 2"))
        #expect(message(call: String(repeating: "[", count: 100_000)).contains("nested too deeply"))
    }

    @Test(.timeLimit(.minutes(1))) func hostileTextsAreReadInTime() {
        let long = 20_000
        for text in [
            String(repeating: "<tool_call>", count: long), String(repeating: "</tool_call>", count: long),
            "<tool_call>" + String(repeating: "</tool_call> x", count: long),
            String(repeating: "Action: f Action Input: ", count: long), String(repeating: "Action:", count: long),
            "Action: f Action Input: " + String(repeating: " x", count: long),
            String(repeating: "<tool_call><function=f>", count: long),
            "<|tool_call_start|>" + String(repeating: "[", count: long) + "<|tool_call_end|>",
            "<|tool_call_start|>f(a=" + String(repeating: "(", count: long) + "<|tool_call_end|>",
            String(repeating: "<|tool_call>call:f{", count: long),
            String(repeating: "<minimax:tool_call><invoke name=\"", count: long),
            "x\n" + String(repeating: "[", count: long),
        ] {
            for format in ToolFormat.allCases { #expect(format.calls(in: text)?.count ?? 0 <= 1) }
        }
    }
}
