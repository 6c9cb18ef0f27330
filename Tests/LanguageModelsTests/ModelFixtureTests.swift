import Foundation
import LanguageModels
import Tensors
import Testing

/// Small models of transformers, each with something that a reader can get wrong.
@Suite struct ModelFixtureTests {
    static let families = [
        "mistral", "mixtral", "mixtral-fused", "qwen2-moe", "qwen3", "qwen3-moe", "qwen3-moe-fused", "gemma", "gemma2",
        "gemma3", "phi3", "phi3-longrope", "glm", "glm4",
    ]
    static let names = ["llama-transformers4", "llama3-bfloat16", "qwen2-sharded", "llama-float16"] + families

    @Test(arguments: names + ["llama-dynamic"])
    func logProbabilities(name: String) throws {
        let fixture = try Fixture(name)
        let model = try fixture.model()
        #expect(!fixture.cases.isEmpty)
        for item in fixture.cases {
            // One by one: dynamic rope looks at the longest sequence of a pass.
            let found = try model.tokenLogProbabilities([item.tokens])
            #expect(difference(found[0], item.logProbabilities) < 1e-4)
            let logits = try model.nextLogitsWithoutCache(item.tokens).array
            #expect(difference(logits, item.lastLogits) < 1e-4)
        }
    }

    @Test(arguments: names)
    func packedSequencesDoNotSeeEachOther(name: String) throws {
        let fixture = try Fixture(name)
        let found = try fixture.model().tokenLogProbabilities(fixture.cases.map(\.tokens))
        for (item, values) in zip(fixture.cases, found) {
            #expect(difference(values, item.logProbabilities) < 1e-4)
        }
    }

    @Test(arguments: names)
    func greedyDecoding(name: String) throws {
        let fixture = try Fixture(name)
        let model = try fixture.model()
        for item in fixture.cases { #expect(try greedy(model, item.tokens, count: item.greedy.count) == item.greedy) }
    }

    /// The cache must not change what is computed: prompt in one piece, in two, token by token, or without it.
    @Test(arguments: names)
    func cacheEqualsRecomputation(name: String) throws {
        let fixture = try Fixture(name)
        let model = try fixture.model()
        let tokens = fixture.cases[0].tokens
        let whole = model.makeCache()
        let expected = try model.nextLogitsWithoutCache(tokens).array
        #expect(difference(try model.nextLogits(tokens, cache: whole).array, expected) < 1e-4)
        let halves = model.makeCache()
        _ = try model.nextLogits(Array(tokens[..<5]), cache: halves)
        #expect(difference(try model.nextLogits(Array(tokens[5...]), cache: halves).array, expected) < 1e-4)
        let single = model.makeCache()
        var last: [Float] = []
        for (index, token) in tokens.enumerated() {
            last = try model.nextLogits([token], cache: single).array
            let recomputed = try model.nextLogitsWithoutCache(Array(tokens[...index])).array
            #expect(difference(last, recomputed) < 1e-4)
        }
        #expect(difference(last, expected) < 1e-4 && single.length == tokens.count)
    }

    @Test func weightsStayInTheFormatOfTheFile() throws {
        for (name, format) in [("llama3-bfloat16", WeightFormat.bfloat16), ("llama-float16", .float16)] {
            for (tensor, value) in try Fixture(name).model().tensors {
                guard case .frozen(let weight) = value else { Issue.record("\(tensor) is not frozen"); continue }
                #expect(weight.format == format)
            }
        }
    }
}
