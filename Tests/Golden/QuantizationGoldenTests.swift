import Foundation
import JSONDocuments
import LanguageModels
import RunConfiguration
import Testing
import TrainingLoop

/// Models that are quantized while they are loaded: log-probabilities of the reference libraries.
struct QuantizationGoldenTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            var ids: [Int32]
            var logProbabilities: [Double]

            enum CodingKeys: String, CodingKey {
                case ids
                case logProbabilities = "token_logprobs"
            }
        }

        var model: String
        var tolerance: [String: Double]
        var cases: [Case]
    }

    /// The folder of golden inference; nil where it is not there.
    static let folder = ModelGoldenTests.folder.map {
        URL(fileURLWithPath: $0).deletingLastPathComponent().path + "/infer"
    }

    @Test(
        .enabled(if: folder != nil),
        arguments: [
            "bnb-nf4-plain-q-96", "bnb-nf4-plain-q-72", "bnb-nf4-double-q-96", "bnb-fp4-plain-q-96",
            "bnb-fp4-plain-q-72", "bnb-fp4-double-q-72", "bnb-int8-q-96", "bnb-int8-q-72", "eetq-q-96", "eetq-q-72",
            "hqq4-q-96", "hqq8-q-96",
        ])
    func logProbabilities(name: String) throws {
        let folder = try #require(Self.folder)
        let value = try JSONValue(
            parsing: Array(Data(contentsOf: URL(fileURLWithPath: "\(folder)/quant/\(name).json"))))
        let golden = try value.decoded(as: Golden.self)
        let settings = try #require(value["settings"]?.object).map { key, value in
            "\(key)=\(value.string ?? value.serialized(.compact))"
        }
        let directory = "\(folder)/models/\(golden.model)"
        let quantizer = try ModelSettings.taken(from: settings).settings.configuration(model: directory).quantizer
        let model = try DecoderModel.load(directory: directory, quantizer: quantizer)
        #expect(golden.cases.count == 4)
        var (largest, sum, count) = (0.0, 0.0, 0)
        for example in golden.cases {
            let found = try model.tokenLogProbabilities([example.ids])[0]
            #expect(found.count == example.logProbabilities.count)
            for (left, right) in zip(found, example.logProbabilities) {
                largest = max(largest, abs(Double(left) - right))
                sum += abs(Double(left) - right)
                count += 1
            }
        }
        if let bound = golden.tolerance["max"] { #expect(largest <= bound, "\(name): \(largest)") }
        if let bound = golden.tolerance["mean"] {
            #expect(sum / Double(count) <= bound, "\(name): \(sum / Double(count))")
        }
    }
}
