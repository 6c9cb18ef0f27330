import Adapters
import Foundation
import JSONDocuments
import JSONRPC
import LanguageModels
import LinuxSystem
import ServiceAPI
import Tensors
import Testing
import WeightFiles

import WorkerService

/// `score`: the value head's number at the last token.
@Suite struct ScoreTests {
    let fixture: ModelFolderFixture
    let pair: ServicePair

    init() throws {
        fixture = try ModelFolderFixture()
        pair = try ServicePair()
    }

    private func request(_ fields: JSONObject) -> JSONValue {
        var object = fields
        object["model"] = .string(fixture.directory)
        return .object(object)
    }

    private func head(seed: UInt64, in folder: String) throws -> ValueHead {
        let head = try ValueHead.fresh(fixture.model.configuration, seed: seed)
        try head.save(into: OutputDirectory(path: folder))
        return head
    }

    private func expected(_ ids: [Int32], _ head: ValueHead, _ adapter: Adapter? = nil) throws -> Double {
        let tape = Tape(recording: false)
        let hidden = try fixture.model.hiddenStates(
            ids, layout: SequenceLayout(lengths: [ids.count]), on: tape, branches: adapter?.branches)
        let (weight, last) = (head.weight.value.array, hidden.value.array.suffix(head.weight.value.count))
        return zip(weight, last).reduce(Double(head.bias.value[0])) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test func scoresAreTheHeadsAtTheLastToken() throws {
        let head = try head(seed: 1, in: fixture.directory)
        for fields in [["ids": [72, 105, 32]], ["text": "Hi "]] as [JSONObject] {
            let score = try #require(pair.call("worker.score", request(fields))["score"]?.double)
            #expect(abs(score - (try expected([72, 105, 32], head))) < 1e-5)
        }
        // A head that is written anew is read anew.
        let other = try self.head(seed: 2, in: fixture.directory)
        let score = try #require(pair.call("worker.score", request(["ids": [72, 105, 32]]))["score"]?.double)
        #expect(abs(score - (try expected([72, 105, 32], other))) < 1e-5)
    }

    /// The head is the adapter's, never the base's beside another adapter.
    @Test func anAdapterHasItsOwnHead() throws {
        _ = try head(seed: 1, in: fixture.directory)
        let fields: JSONObject = ["ids": [72, 105], "adapter": .string(fixture.adapter)]
        #expect(try pair.failure("worker.score", request(fields)).kind == .badModel)
        let own = try head(seed: 3, in: fixture.adapter)
        let adapter = try Adapter.load(directory: fixture.adapter, for: fixture.model).adapter
        let score = try #require(pair.call("worker.score", request(fields))["score"]?.double)
        #expect(abs(score - (try expected([72, 105], own, adapter))) < 1e-5)
    }

    @Test func dialoguesAreScoredWithTheirAnswer() throws {
        _ = try head(seed: 1, in: fixture.directory)
        func score(_ messages: JSONValue, _ overrides: JSONValue = ["template=qwen"]) throws -> Double? {
            try pair.call("worker.score", request(["messages": messages, "overrides": overrides]))["score"]?.double
        }
        let question: JSONValue = ["role": "user", "content": "Hi"]
        let answers = try ["Yes", "No"].map {
            try score([question, ["role": "assistant", "content": .string($0)]])
        }
        #expect(answers[0] != nil && answers[0] != answers[1])
        let error = try pair.failure(
            "worker.score", request(["messages": [question], "overrides": ["template=qwen"]]))
        #expect(error.kind == .badRequest && error.message.contains("assistant"))
    }

    @Test func whatGivesNoScoreIsRefused() throws {
        let without = try pair.failure("worker.score", request(["ids": [1]]))
        #expect(without.kind == .badModel && without.message.contains("value_head.safetensors"))
        _ = try head(seed: 1, in: fixture.directory)
        #expect(try pair.failure("worker.score", request(["ids": []])).kind == .badRequest)
        #expect(try pair.failure("worker.score", request(["ids": [1], "text": "a"])).kind == .badRequest)
        #expect(try pair.failure("worker.score", request(["ids": [1, 300]])).kind == .badRequest)
        let setting = try pair.failure("worker.score", request(["ids": [1], "overrides": ["temperature=0.5"]]))
        #expect(setting.kind == .badConfig && setting.message.contains("temperature"))
    }
}
