import Foundation
import Optimizers
import Testing

/// Updates of many optimizers as PyTorch, transformers and the formulas give them; written by
/// `scripts/fixtures/optimizer_updates.py`.
struct ReferenceUpdates: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Parameter: Decodable, Sendable {
            let name: String
            let shape: [Int]
            let start: [Float]
        }
        struct Step: Decodable, Sendable {
            let rate: Double
            /// By parameter; nil where it had none.
            let gradients: [[Float]?]
            let values: [[Float]]
        }
        let optimizer: String
        let arguments: String
        let weight_decay: Double
        let settings: [String: Double]
        let parameters: [Parameter]
        let steps: [Step]

        var testDescription: String { "\(optimizer) \(arguments) decay \(weight_decay) \(settings)" }

        var optimizerSettings: OptimizerSettings {
            get throws {
                OptimizerSettings(
                    beta1: settings["beta1"] ?? 0.9, beta2: settings["beta2"] ?? 0.999,
                    epsilon: settings["epsilon"] ?? 1e-8, arguments: try OptimizerArguments(parsing: arguments))
            }
        }
    }

    let cases: [Case]

    static let all: [Case] = {
        guard let url = Bundle.module.url(forResource: "Fixtures/updates", withExtension: "json"),
            let data = try? Data(contentsOf: url),
            let updates = try? JSONDecoder().decode(ReferenceUpdates.self, from: data)
        else { preconditionFailure("Fixtures/updates.json cannot be read") }
        return updates.cases
    }()
}
