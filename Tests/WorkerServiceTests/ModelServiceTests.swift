import Adapters
import Foundation
import JSONDocuments
import JSONRPC
import LanguageModels
import LinuxSystem
import ServiceAPI
import TextGeneration
import Testing
import Tokenization
import WeightFiles

import WorkerService

@Suite struct ModelServiceTests {
    let fixture: ModelFolderFixture
    let pair: ServicePair

    init() throws {
        fixture = try ModelFolderFixture()
        pair = try ServicePair()
    }

    func request(_ fields: JSONObject) -> JSONValue {
        var object = fields
        object["model"] = .string(fixture.directory)
        return .object(object)
    }

    func ids(_ value: JSONValue) -> [Int32] { (value["ids"]?.array ?? []).compactMap { $0.integer.map { Int32($0) } } }

    @Test func tokenizingNeedsNoWeights() throws {
        try FileManager.default.removeItem(atPath: fixture.directory + "/model.safetensors")
        let tokens = try pair.call("worker.tokenize", request(["text": "Hi é<|im_end|>"]))
        #expect(ids(tokens) == [72, 105, 32, 195, 169, 257])
        let text = try pair.call("worker.detokenize", request(["ids": [72, 105, 257]]))
        #expect(text["text"] == "Hi<|im_end|>")
        let plain = try pair.call(
            "worker.detokenize", request(["ids": [72, 105, 257], "skip_special_tokens": true]))
        #expect(plain["text"] == "Hi")
        let error = try pair.failure("worker.logprobs", request(["ids": [1, 2]]))
        #expect(error.kind == .notFound && error.message.contains("model.safetensors"))
    }

    @Test func logProbabilities() throws {
        let tokens: [Int32] = [72, 105, 32, 33]
        let expected = try fixture.model.tokenLogProbabilities([tokens])[0].map { Double($0) }
        for input in [["ids": [72, 105, 32, 33]], ["text": "Hi !"]] as [JSONObject] {
            let found = try pair.call("worker.logprobs", request(input))
            #expect(ids(found) == tokens)
            let values = (found["token_logprobs"]?.array ?? []).compactMap(\.double)
            #expect(values.count == 3 && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        let one = try pair.call("worker.logprobs", request(["ids": [7]]))
        #expect(one["token_logprobs"] == [])
        #expect(try pair.failure("worker.logprobs", request(["ids": [7, 300]])).kind == .badRequest)
        #expect(try pair.failure("worker.logprobs", request(["ids": [7], "text": "x"])).kind == .badRequest)
    }

    /// What says how the model is read acts on one request and on no other.
    @Test func settingsActOnOneRequest() throws {
        func numbers(_ overrides: [JSONValue]) throws -> [Double] {
            let found = try pair.call(
                "worker.logprobs", request(["ids": [72, 105, 32, 33], "model_settings": .array(overrides)]))
            return (found["token_logprobs"]?.array ?? []).compactMap(\.double)
        }
        var configuration = fixture.model.configuration
        configuration.stretch(PositionStretch(kind: .linear, factor: 2))
        let stretched = try fixture.model.reconfigured(configuration)
        let expected = try stretched.tokenLogProbabilities([[72, 105, 32, 33]])[0].map { Double($0) }
        let plain = try numbers([])
        let found = try numbers(["rope_scaling=linear"])
        #expect(found != plain && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(try numbers(["rope_scaling=linear", "rope_scaling_factor=3"]) != found)
        #expect(try numbers(["rope_theta=77"]) != plain)
        #expect(try numbers([]) == plain)
        for (setting, kind) in [
            ("quantization_bit=5", ErrorKind.badConfig), ("mixture_of_depths=convert", .badConfig),
            ("mixture_of_depths=load", .badConfig),
        ] {
            let failure = try pair.failure(
                "worker.logprobs", request(["ids": [7, 8], "model_settings": [.string(setting)]]))
            #expect(failure.kind == kind, "\(failure)")
        }
        let generated = try pair.call(
            "worker.generate",
            request([
                "ids": [72, 105], "overrides": ["do_sample=false", "max_new_tokens=3"],
                "model_settings": ["rope_scaling=yarn"],
            ]))
        #expect(ids(generated).count == 3)
    }

    @Test func greedyGenerationWithAndWithoutAdapter() throws {
        func expected(_ adapters: LinearBranches?) throws -> [Int32] {
            var options = GenerationOptions()
            options.samples = false
            options.maximumNewTokens = 9
            options.ignoresStopTokens = true
            return try TextGenerator(model: fixture.model).generate([72, 105], options: options, branches: adapters)
                .tokens
        }
        let overrides: JSONValue = ["do_sample=false", "max_new_tokens=9", "ignore_eos=true"]
        let adapter = try Adapter.load(directory: fixture.adapter, for: fixture.model).adapter
        let plain = try expected(nil)
        let adapted = try expected(adapter.branches)
        #expect(plain != adapted)
        for _ in 0..<2 {
            let found = try pair.call("worker.generate", request(["ids": [72, 105], "overrides": overrides]))
            #expect(ids(found) == plain && found["finish_reason"] == "length" && found["prompt_tokens"] == 2)
            let other = try pair.call(
                "worker.generate",
                request(["prompt": "Hi", "overrides": overrides, "adapter": .string(fixture.adapter)]))
            #expect(ids(other) == adapted)
        }
        #expect(pair.progress.isEmpty)
    }

    @Test func seedsFixSampling() throws {
        func sample(_ seed: String) throws -> [Int32] {
            ids(
                try pair.call(
                    "worker.generate",
                    request([
                        "ids": [72, 105],
                        "overrides": [.string(seed), "top_p=1.0", "max_new_tokens=20", "ignore_eos=true"],
                    ])))
        }
        let first = try sample("seed=1")
        #expect(try sample("seed=1") == first && sample("seed=2") != first && first.count == 20)
    }

    /// An adapter that was trained with more tokens works beside the untouched base, in its own tokens.
    @Test func anAdapterBringsItsTokens() throws {
        let folder = fixture.directory + "/grown"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let base = try DecoderModel.load(directory: fixture.directory).growing(
            VocabularyGrowth(rows: 320, tokens: [259], noise: .onMeans, seed: 1))
        let wanted = AdapterConfiguration(
            baseModel: fixture.directory, targetModules: .names(["q_proj"]),
            modulesToSave: ["embed_tokens", "lm_head"],
            kind: LoRA(rank: 2, alpha: 8))
        try Adapter.fresh(wanted, for: base, seed: 3).save(into: OutputDirectory(path: folder))
        var tokenizer = try Tokenizer(directory: fixture.directory)
        try tokenizer.addTokens([AddedToken(content: "<|new|>", special: true)])
        let output = try OutputDirectory(path: folder)
        for file in try tokenizer.files() { try output.writeFile(file.name, bytes: file.contents) }
        for text in ["prompt", "text"] {
            let method = text == "text" ? "worker.logprobs" : "worker.generate"
            var fields: JSONObject = [text: "Hi<|new|>", "adapter": .string(folder)]
            if text == "prompt" { fields["overrides"] = ["max_new_tokens=1"] }
            let found = try pair.call(method, request(fields))
            if text == "text" {
                #expect(ids(found) == [72, 105, 259])
                let expected = try base.tokenLogProbabilities([[72, 105, 259]])[0].map { Double($0) }
                let values = (found["token_logprobs"]?.array ?? []).compactMap(\.double)
                #expect(values.count == 2 && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            } else {
                #expect(found["prompt_tokens"] == 3)
            }
        }
        let plain = try pair.call("worker.logprobs", request(["text": "Hi<|new|>"]))
        #expect(ids(plain).count == 9)
    }

    @Test func specialTokensStayInTheTextOnRequest() throws {
        func answer(_ more: String...) throws -> JSONValue {
            pair.progress = []
            let overrides =
                ["seed=1", "top_p=1.0", "top_k=0", "temperature=9", "max_new_tokens=300", "ignore_eos=true"] + more
            return try pair.call(
                "worker.generate",
                request([
                    "prompt": "Hi", "stream": true, "overrides": .array(overrides.map { .string($0) }),
                ]))
        }
        let plain = try answer()
        let whole = try answer("skip_special_tokens=false")
        let pieces = pair.progress.compactMap { $0["text"]?.string }.joined()
        #expect(ids(whole) == ids(plain) && ids(whole).contains { $0 > 255 })
        let all = try pair.call(
            "worker.detokenize", request(["ids": .array(ids(whole).map { .integer(Int64($0)) })]))
        #expect(whole["text"] == all["text"] && whole["text"] != plain["text"] && pieces == whole["text"]?.string)
    }

    @Test func chatStreamsWhatItAnswers() throws {
        let messages: JSONValue = [["role": "user", "content": "Hello there"]]
        let answer = try pair.call(
            "worker.chat",
            request(["messages": messages, "overrides": ["template=qwen", "seed=5", "max_new_tokens=40"]]))
        let pieces = pair.progress.compactMap { $0["text"]?.string }.joined()
        #expect(pieces == answer["text"]?.string && !pieces.isEmpty)
        pair.progress = []
        let silent = try pair.call(
            "worker.chat",
            request([
                "messages": messages, "overrides": ["template=qwen", "seed=5", "max_new_tokens=40"], "stream": false,
            ]))
        #expect(silent["ids"] == answer["ids"] && pair.progress.isEmpty)
    }

    /// Tools are described to the model in the format that is asked for, and their calls may stand in a dialogue.
    @Test func toolsOfADialogue() throws {
        let turns: JSONValue = [
            ["role": "user", "content": "Hi"], ["role": "function", "content": #"{"name": "f", "arguments": {}}"#],
            ["role": "tool", "content": "1"],
        ]
        func promptTokens(_ fields: JSONObject = [:], _ overrides: JSONValue...) throws -> Int64 {
            var fields = fields
            fields["messages"] = fields["messages"] ?? turns
            fields["overrides"] = .array(["template=chatml", "max_new_tokens=1"] + overrides)
            let answer = try pair.call("worker.chat", request(fields))
            #expect(answer["tool_calls"] == nil)
            return try #require(answer["prompt_tokens"]?.integer)
        }
        let tools: JSONValue = [["name": "f", "parameters": ["properties": [:]]]]
        let without = try promptTokens()
        let with = try promptTokens(["tools": tools])
        #expect(with > without + 300)
        #expect(try promptTokens(["tools": tools], "tool_format=mistral") < with)
        let error = try pair.failure(
            "worker.chat", request(["messages": turns, "overrides": ["template=chatml"], "tools": [["name": "f"]]]))
        #expect(error.message.contains("the tools cannot be described to the model"), "\(error.message)")
    }

    /// A call in the words of other services is the same as one in JSON, and results in a row are one turn.
    @Test func dialoguesOfOtherClients() throws {
        func promptTokens(_ messages: JSONValue...) throws -> Int64? {
            let fields: JSONObject = [
                "messages": .array(messages), "overrides": ["template=qwen", "max_new_tokens=1"],
            ]
            return try pair.call("worker.chat", request(fields))["prompt_tokens"]?.integer
        }
        let question: JSONValue = ["role": "user", "content": "tide?"]
        let function: JSONValue = ["name": "f", "arguments": "{\"x\":1}"]
        let result: JSONValue = ["role": "tool", "tool_call_id": "c1", "content": "1"]
        let expected = try promptTokens(
            question, ["role": "function", "content": .string(JSONValue.array([function]).serialized(.spaced))], result)
        for call in [["id": "c1", "type": "function", "function": function], function] as [JSONValue] {
            for content in [JSONValue.null, "", nil] as [JSONValue?] {
                var message: JSONObject = ["role": "assistant", "tool_calls": [call]]
                message["content"] = content
                #expect(try promptTokens(question, .object(message), result) == expected)
            }
        }
        let calls: JSONValue = ["role": "assistant", "content": .null, "tool_calls": [["function": function]]]
        #expect(
            try promptTokens(question, calls, result, ["role": "tool", "content": "2"])
                == promptTokens(
                    question, calls, ["role": "tool", "content": "1\n</tool_response>\n<tool_response>\n2"]))
        #expect(
            try promptTokens([
                "role": "user", "content": [["type": "text", "text": "ti"], ["type": "text", "text": "de?"]],
            ])
                == promptTokens(question))
    }

    /// What is wrong with a dialogue, and with which message.
    @Test(
        arguments: [
            ([], "a dialogue must end with a message of the user, and there is none"),
            (
                [["role": "system", "content": "s"]],
                "must end with a message of the user; its last one is of role 'system'"
            ),
            (
                [["role": "user", "content": "a"], ["role": "assistant", "content": "b"]],
                "must end with a message of the user; its last one is of role 'assistant'"
            ),
            (
                [["role": "user", "content": "a"], ["role": "user", "content": "b"]],
                "message 2 should be of role assistant (or function), it is of 'user'"
            ),
            (
                [["role": "assistant", "content": "a"], ["role": "user", "content": "b"]],
                "message 1 should be of role user (or tool), it is of 'assistant'"
            ),
            (
                [["role": "developer", "content": "a"], ["role": "user", "content": "b"]],
                "message 1 is of the unknown role 'developer'"
            ),
            (
                [
                    ["role": "user", "content": "a"], ["role": "bot", "content": "b"],
                    ["role": "user", "content": "c"],
                ],
                "message 2 is of the unknown role 'bot'"
            ),
            (
                [
                    ["role": "user", "content": "a"], ["role": "assistant", "content": "b"],
                    ["role": "system", "content": "c"], ["role": "user", "content": "d"],
                ], "message 3 is a system message; only the first may be one"
            ),
            (
                [["role": "user", "content": .null]],
                "message 1 of role 'user' has no text: its `content` is null or absent"
            ),
            ([["role": "user"]], "message 1 of role 'user' has no text"),
            ([["role": "system"], ["role": "user", "content": "a"]], "message 1 of role 'system' has no text"),
            (
                [
                    ["role": "user", "content": "a"], ["role": "assistant", "content": .null, "tool_calls": []],
                    ["role": "user", "content": "b"],
                ], "message 2 of role 'assistant' has no text"
            ),
            ([["role": "user", "content": 5]], "expected a string"),
            ([["content": "x"]], "role"),
            (
                [["role": "user", "content": [["type": "image_url", "image_url": ["url": "x"]]]]],
                "message 1 has a part of type 'image_url'"
            ),
            (
                [
                    ["role": "user", "content": "a"], ["role": "assistant", "tool_calls": [["id": "c"]]],
                    ["role": "tool"],
                ],
                "a call in `tool_calls` of message 2 has no `function`"
            ),
            (
                [["role": "user", "content": "a", "tool_calls": [["name": "f"]]]],
                "message 1 of role 'user' calls tools; only an assistant does"
            ),
            (
                [
                    ["role": "user", "content": "a"], ["role": "assistant", "tool_calls": [["name": "f"]]],
                    ["role": "tool", "content": "1"],
                ], "the call of `f` needs `arguments`"
            ),
        ] as [(JSONValue, String)])
    func whatIsWrongWithADialogue(messages: JSONValue, message: String) throws {
        let error = try pair.failure(
            "worker.chat", request(["messages": messages, "overrides": ["template=qwen", "max_new_tokens=1"]]))
        #expect(error.message.contains(message), "\(error.message)")
    }

    /// What formats dialogues does nothing to a raw prompt, and says so.
    @Test func templatesOfRawPrompts() throws {
        for input in [["prompt": "Hi"], ["ids": [72, 105]]] as [JSONObject] {
            func answer(_ overrides: JSONValue..., tools: JSONValue? = nil) -> JSONObject {
                var fields = input
                fields["overrides"] = .array(["max_new_tokens=2", "seed=1"] + overrides)
                fields["tools"] = tools
                return fields
            }
            let warned = try pair.call("worker.generate", request(answer("template=qwen")))["warnings"]?.array
            #expect(
                warned?.count == 1
                    && warned?[0].string?.contains("`template=qwen` does not format a raw prompt") == true)
            #expect(try pair.call("worker.generate", request(answer()))["warnings"] == nil)
            for name in ["tool_format=qwen", "enable_thinking=false", "preserve_thinking=true"] {
                let error = try pair.failure("worker.generate", request(answer(.string(name), "template=qwen")))
                #expect(error.kind == .badConfig && error.message.contains("acts on a dialogue, not on a raw prompt"))
            }
            let error = try pair.failure("worker.generate", request(answer(tools: [["name": "f"]])))
            #expect(error.kind == .badRequest && error.message.contains("`tools` act on a dialogue"))
        }
    }

    /// Without a named template a dialogue goes by the one that the tokenizer brings.
    @Test func theTokenizersOwnChatTemplate() throws {
        let template =
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
            + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
        try template.write(toFile: "\(fixture.directory)/chat_template.jinja", atomically: true, encoding: .utf8)
        func answer(_ overrides: JSONValue...) throws -> JSONValue {
            try pair.call(
                "worker.chat",
                request([
                    "messages": [["role": "system", "content": "S"], ["role": "user", "content": "Hello"]],
                    "overrides": .array(["seed=5", "max_new_tokens=10"] + overrides),
                ]))
        }
        #expect(try answer()["ids"] == answer("template=chatml")["ids"])
    }

    @Test func cancellingARunningAndAWaitingRequest() throws {
        let long = request(["ids": [1], "overrides": ["max_new_tokens=100000", "ignore_eos=true"], "stream": true])
        var first: Int64 = 0
        var second: Result<JSONValue, any Error>?
        pair.onProgress = { [pair] in pair.client.cancel(first) }
        let error = #expect(throws: (any Error).self) {
            try pair.call("worker.generate", long) { call in
                first = call
                let waiting = pair.client.call("worker.generate", long) { second = $0.mapError { $0 } }
                pair.client.cancel(waiting)
            }
        }
        #expect("\(try #require(error))".contains("cancelled"))
        let deadline = ContinuousClock.now + .seconds(30)
        while second == nil, ContinuousClock.now < deadline { try pair.loop.runOnce(atMost: 0.1) }
        #expect(throws: (any Error).self) { try #require(second).get() }
        #expect(try pair.call("worker.tokenize", request(["text": "a"]))["ids"] == [97])
    }

    @Test func loadAndInfo() throws {
        #expect(try pair.call("worker.info", [:])["weights_loaded"] == false)
        let loaded = try pair.call("worker.load", request(["adapter": .string(fixture.adapter)]))
        #expect(loaded["weights_loaded"] == true && loaded["openblas_core_name"]?.string?.isEmpty == false)
        #expect(try pair.call("worker.info", [:])["weights_loaded"] == true)
    }

    @Test(
        arguments: [
            (["ids": [1], "prompt": "x"], ErrorKind.badRequest, "exactly one"), ([:], .badRequest, "exactly one"),
            (["ids": []], .badRequest, "no tokens"), (["ids": [1, 999]], .badRequest, "999"),
            (["messages": [["role": "user", "content": "x"]]], .badConfig, "template"),
            (
                ["messages": [["role": "user", "content": "x"]], "overrides": ["template=nothing"]], .badConfig,
                "nothing"
            ),
            (["ids": [1], "overrides": ["temprature=1"]], .badConfig, "temprature"),
            (["ids": [1], "overrides": ["temperature=-1"]], .badConfig, "temperature"),
            (["ids": [1], "overrides": ["learning_rate=0.1"]], .badConfig, "learning_rate"),
            (["ids": [1], "overrides": ["num_beams=4"]], .badConfig, "num_beams"),
            (["ids": [1, 2, 3], "overrides": ["max_length=3"]], .badRequest, "max_length"),
            (["ids": [1], "adapter": "/nowhere"], .notFound, "/nowhere"),
            (["ids": "x"], .badRequest, "parameters"),
        ] as [(JSONObject, ErrorKind, String)])
    func refusals(fields: JSONObject, kind: ErrorKind, mentioned: String) throws {
        let error = try pair.failure("worker.generate", request(fields))
        #expect(error.kind == kind && error.message.contains(mentioned), "\(error.kind): \(error.message)")
    }

    @Test func aModelThatIsNotThere() throws {
        let error = try pair.failure("worker.tokenize", ["model": "/nowhere/model", "text": "x"])
        #expect(error.kind == .notFound && error.message.contains("/nowhere/model"))
        try Data("{".utf8).write(to: URL(fileURLWithPath: fixture.directory + "/config.json"))
        #expect(try pair.failure("worker.load", request([:])).kind == .badModel)
    }

    @Test func adaptersComeAndGoBesideTheBase() throws {
        let loaded = try pair.call("worker.adapter.load", request(["adapter": .string(fixture.adapter)]))
        #expect(loaded["rank"] == 2 && loaded["modules"] == 4 && loaded["adapter"] == .string(fixture.adapter))
        #expect(pair.adapters == [[fixture.adapter]], "the daemon is told before the answer")
        _ = try pair.call("worker.logprobs", request(["ids": [1, 2], "adapter": .string(fixture.adapter)]))
        #expect(pair.adapters.count == 1, "and only when something changes")
        let removed = try pair.call("worker.adapter.unload", request(["adapter": .string(fixture.adapter)]))
        #expect(removed == loaded && pair.adapters.last == [])
        let again = try pair.failure("worker.adapter.unload", request(["adapter": .string(fixture.adapter)]))
        #expect(again.kind == .notFound)
        #expect(try pair.failure("worker.adapter.load", request([:])).kind == .badRequest)
    }

    @Test func anAdapterThatChangedOnDiskIsReadAgain() throws {
        func score() throws -> Double {
            let found = try pair.call(
                "worker.logprobs", request(["ids": [72, 105], "adapter": .string(fixture.adapter)]))
            return try #require(found["token_logprobs"]?.array?.first?.double)
        }
        let plain = try #require(
            try pair.call("worker.logprobs", request(["ids": [72, 105]]))["token_logprobs"]?.array?.first?.double)
        let before = try score()
        #expect(before != plain)
        let file = fixture.adapter + "/adapter_config.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "\"lora_alpha\": 8", with: "\"lora_alpha\": 1").utf8)
            .write(to: URL(fileURLWithPath: file))
        let weaker = try score()
        #expect(weaker != before && weaker != plain)
        let fresh = try Adapter.fresh(
            AdapterConfiguration(directory: fixture.adapter), for: fixture.model, seed: 1)
        try fresh.save(into: OutputDirectory(path: fixture.adapter))
        #expect(try score() == plain, "B is zero again")
    }

    @Test func weightsOfADamagedCheckpointAreRefused() throws {
        _ = try pair.call("worker.adapter.load", request(["adapter": .string(fixture.adapter)]))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.adapter + "/adapter_model.safetensors"))
        let conditions: JSONValue = [
            "configuration": "", "data": "", "seed": 1, "threads": 1, "coreType": "", "vectorInstructions": "",
        ]
        let manifest: JSONValue = [
            "version": 1, "step": 1, "run": "job-1-x",
            "files": [["name": "adapter_model.safetensors", "size": .integer(Int64(bytes.count)), "xxh3": "00"]],
            "conditions": conditions,
        ]
        try Data(manifest.serializedBytes(.compact)).write(to: URL(fileURLWithPath: fixture.adapter + "/MANIFEST.json"))
        try bytes.write(to: URL(fileURLWithPath: fixture.adapter + "/adapter_model.safetensors"))
        let error = try pair.failure("worker.logprobs", request(["ids": [1, 2], "adapter": .string(fixture.adapter)]))
        #expect(error.kind == .badModel && error.message.contains("adapter_model.safetensors"), "\(error)")
    }

    @Test func onlySoManyAdaptersStay() throws {
        for number in 0..<34 {
            let copy = "\(fixture.directory)/copy-\(number)"
            try FileManager.default.copyItem(atPath: fixture.adapter, toPath: copy)
            _ = try pair.call("worker.adapter.load", request(["adapter": .string(copy)]))
        }
        let left = try #require(pair.adapters.last)
        #expect(left.count == 32 && !left.contains("\(fixture.directory)/copy-1"))
        #expect(left.contains("\(fixture.directory)/copy-33"))
    }
}
