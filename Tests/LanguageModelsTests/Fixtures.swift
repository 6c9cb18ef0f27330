import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

/// A committed model with the reference's numbers; see scripts/fixtures/models.py.
struct Fixture {
    let directory: String
    let expected: JSONValue

    init(_ name: String) throws {
        let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)")
        directory = url.path
        expected = try JSONValue(parsing: MappedFile.contents(of: "\(directory)/expected.json"))
    }

    func model() throws -> DecoderModel { try DecoderModel.load(directory: directory) }

    struct Case {
        var tokens: [Int32]
        var lastLogits: [Float]
        var logProbabilities: [Float]
        var greedy: [Int32]
    }

    var cases: [Case] {
        (expected["cases"]?.array ?? []).map { value in
            Case(
                tokens: value["ids"].tokens, lastLogits: value["last_logits"].floats,
                logProbabilities: value["token_logprobs"].floats, greedy: value["greedy"].tokens)
        }
    }
}

extension JSONValue? {
    var tokens: [Int32] { (self?.array ?? []).compactMap { $0.integer.map { Int32($0) } } }
    var floats: [Float] { (self?.array ?? []).compactMap { $0.double.map { Float($0) } } }
}

/// The largest absolute difference; infinite when the counts differ.
func difference(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count, !left.isEmpty else { return .infinity }
    return zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// Greedy continuation through the cache, ignoring every stop token.
func greedy(_ model: DecoderModel, _ prompt: [Int32], count: Int) throws -> [Int32] {
    let cache = model.makeCache()
    var logits = try model.nextLogits(prompt, cache: cache)
    var result: [Int32] = []
    while result.count < count {
        let next = argmax(logits.array)
        result.append(next)
        logits = try model.nextLogits([next], cache: cache)
    }
    return result
}

func argmax(_ values: [Float]) -> Int32 {
    var best = 0
    for index in values.indices where values[index] > values[best] { best = index }
    return Int32(best)
}
