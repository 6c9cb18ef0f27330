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

        /// Muon computes in bfloat16.
        var tolerance: Float { optimizer == "muon" ? 4e-3 : optimizer.hasPrefix("apollo") ? 1e-5 : 1e-6 }

        /// The optimizer by its name in the registry, or one of those that methods bring.
        func makeOptimizer() throws -> any Optimizer {
            let (beta1, beta2) = (settings["beta1"] ?? 0.9, settings["beta2"] ?? 0.999)
            let epsilon = settings["epsilon"] ?? 1e-8
            func setting(_ name: String) throws -> Double { try #require(settings[name]) }
            switch optimizer {
            case "muon": return Muon()
            case "adam_mini":
                return AdamMini(
                    beta1: beta1, beta2: beta2, epsilon: epsilon, headCount: Int(try setting("head_count")))
            case "transformers_adamw":
                return TransformersAdamW(
                    beta1: beta1, beta2: beta2, epsilon: epsilon, decaysFirst: settings["decays_first"] == 1)
            case _ where optimizer.hasPrefix("apollo_"):
                let words = optimizer.split(separator: "_").map(String.init)
                return APOLLO(
                    TransformersAdamW(beta1: beta1, beta2: beta2, epsilon: epsilon),
                    APOLLO.Settings(
                        side: try #require(ProjectionSide(rawValue: words[1])), basis: .svd,
                        scaling: try #require(APOLLO.Scaling(rawValue: words[2])), rank: Int(try setting("rank")),
                        interval: Int(try setting("interval")), scale: try setting("scale")),
                    seed: 0)
            default:
                return try OptimizerRegistry.optimizer(
                    named: optimizer,
                    OptimizerSettings(
                        beta1: beta1, beta2: beta2, epsilon: epsilon,
                        arguments: OptimizerArguments(parsing: arguments)))
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
