import Foundation
import JSONDocuments
import LanguageModels
import Tensors
import Testing

/// Stretched positions, attention in shifted groups, and mixture of depths.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct PositionGoldenTests {
    @Test(arguments: [
        ("rope-linear", "adapter_model.safetensors"), ("rope-llama3", "adapter_model.safetensors"),
        ("shift-attn", "adapter_model.safetensors"), ("mod-load", "model.safetensors"),
    ])
    func agreesWithReference(name: String, weights: String) throws {
        let run = try GoldenRun(name)
        try run.perform()
        try run.expectSameHistory()
        try run.expectSameWeights(weights)
    }

    struct Case: Decodable {
        var ids: [Int32]
        var logProbabilities: [Double]
        var greedy: [Int32]?

        enum CodingKeys: String, CodingKey {
            case ids
            case logProbabilities = "token_logprobs"
            case greedy = "greedy_24"
        }
    }

    private func cases(_ name: String) throws -> [Case] {
        let folder = try #require(ModelGoldenTests.folder)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)/golden.json"))
        return try JSONValue(parsing: Array(data))["cases"]?.array?.map { try $0.decoded(as: Case.self) } ?? []
    }

    private func expectSame(_ model: DecoderModel, _ cases: [Case]) throws {
        #expect(!cases.isEmpty)
        for example in cases {
            let found = try model.tokenLogProbabilities([example.ids])[0]
            #expect(found.count == example.logProbabilities.count)
            for (left, right) in zip(found, example.logProbabilities) { #expect(abs(Double(left) - right) < 1e-4) }
            guard let greedy = example.greedy else { continue }
            let cache = model.makeCache()
            var (next, tokens) = (try model.nextLogits(example.ids, cache: cache).array, [Int32]())
            while tokens.count < greedy.count {
                let best = next.indices.reduce(0) { next[$1] > next[$0] ? $1 : $0 }
                tokens.append(Int32(best))
                next = try model.nextLogits([Int32(best)], cache: cache).array
            }
            #expect(tokens == greedy)
        }
    }

    @Test(arguments: [PositionStretch.Kind.linear, .llama3])
    func stretchedByTwoAtInference(kind: PositionStretch.Kind) throws {
        let model = try DecoderModel.load(directory: #require(ModelGoldenTests.folder) + "/tiny-llama")
        var configuration = model.configuration
        configuration.stretch(PositionStretch(kind: kind, factor: 2))
        try expectSame(model.reconfigured(configuration), cases("rope-\(kind.rawValue)"))
    }

    @Test func mixtureOfDepths() throws {
        let model = try DecoderModel.load(directory: #require(ModelGoldenTests.folder) + "/tiny-llama-mod")
        try expectSame(model, cases("tiny-llama-mod"))
    }
}
