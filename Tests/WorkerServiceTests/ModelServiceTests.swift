import Adapters
import Foundation
import JSONDocuments
import JSONRPC
import LanguageModels
import LinuxSystem
import ServiceAPI
import TextGeneration
import Testing

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

    @Test func greedyGenerationWithAndWithoutAdapter() throws {
        func expected(_ adapters: ProjectionAdapters?) throws -> [Int32] {
            var options = GenerationOptions()
            options.samples = false
            options.maximumNewTokens = 9
            options.ignoresStopTokens = true
            return try TextGenerator(model: fixture.model).generate([72, 105], options: options, adapters: adapters)
                .tokens
        }
        let overrides: JSONValue = ["do_sample=false", "max_new_tokens=9", "ignore_eos=true"]
        let adapter = try LoRAAdapter.load(directory: fixture.adapter, for: fixture.model).adapter
        let plain = try expected(nil)
        let adapted = try expected(adapter.projections)
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
}
