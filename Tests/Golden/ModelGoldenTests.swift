import Foundation
import JSONDocuments
import LanguageModels
import Tensors
import TextGeneration
import Testing
import Tokenization

/// Whole checkpoints with a tokenizer: log-probabilities and greedy tokens of the reference.
struct ModelGoldenTests {
    struct Golden: Decodable {
        var cases: [Case]
    }

    struct Case: Decodable {
        var text: String
        var ids: [Int32]
        var logProbabilities: [Double]
        var best: [[Double]]
        var greedy: [Int32]

        enum CodingKeys: String, CodingKey {
            case text, ids
            case logProbabilities = "token_logprobs"
            case best = "last_top5"
            case greedy = "greedy_24"
        }
    }

    /// The folder of golden models; nil, with a printed reason, where it is not there.
    static let folder: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["FINETUNED_SHARED"]
            ?? root.deletingLastPathComponent().appendingPathComponent("shared").path
        let folder = shared + "/golden/models"
        if FileManager.default.fileExists(atPath: folder) { return folder }
        print("Golden models are left out: there is no \(folder); FINETUNED_SHARED names the shared folder.")
        return nil
    }()

    @Test(
        .enabled(if: folder != nil),
        arguments: ["tiny-llama", "tiny-qwen2", "tiny-mistral", "tiny-mixtral", "tiny-gemma2"])
    func logProbabilitiesAndGreedyTokens(name: String) throws {
        let folder = try #require(Self.folder) + "/" + name
        let model = try DecoderModel.load(directory: folder)
        let tokenizer = try Tokenizer(directory: folder)
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/golden.json"))
        let golden = try JSONValue(parsing: Array(data)).decoded(as: Golden.self)
        #expect(golden.cases.count == 3)
        let packed = try model.tokenLogProbabilities(golden.cases.map(\.ids))
        for (example, found) in zip(golden.cases, packed) {
            #expect(try tokenizer.encode(example.text) == example.ids)
            #expect(found.count == example.logProbabilities.count)
            for (left, right) in zip(found, example.logProbabilities) { #expect(abs(Double(left) - right) < 1e-4) }

            let logits = try model.nextLogits(example.ids, cache: model.makeCache()).array.map { Double($0) }
            let highest = try #require(logits.max())
            let normalizer = highest + log(logits.reduce(0) { $0 + exp($1 - highest) })
            for pair in example.best { #expect(abs(logits[Int(pair[0])] - normalizer - pair[1]) < 1e-4) }

            var options = GenerationOptions()
            options.samples = false
            options.ignoresStopTokens = true
            options.maximumNewTokens = example.greedy.count
            let generated = try TextGenerator(model: model).generate(example.ids, options: options)
            #expect(generated.tokens == example.greedy)
        }
    }
}
