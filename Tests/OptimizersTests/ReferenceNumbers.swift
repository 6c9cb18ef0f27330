import Foundation
import Optimizers
import Tensors
import Testing

/// What PyTorch and transformers computed; written by `scripts/fixtures/optimizers.py`.
struct ReferenceNumbers: Decodable, Sendable {
    struct AdamWCase: Decodable, Sendable, CustomTestStringConvertible {
        struct Settings: Decodable, Sendable {
            let betas: [Double]
            let eps: Double
            let weight_decay: Double
        }
        struct Step: Decodable, Sendable {
            /// By parameter; nil where it had none.
            let gradients: [[Float]?]
            let clip: Double?
            let norm: Float?
            let rate: Double
            let parameters: [[Float]]
        }
        let name: String
        let settings: Settings
        let start: [[Float]]
        let steps: [Step]

        var testDescription: String { name }
    }

    struct ScheduleCase: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let warmup: Int
        let total: Int
        let rate: Double
        let options: [String: Option]
        let rates: [Double]

        var testDescription: String { "\(name) \(warmup)/\(total) \(options.keys.sorted())" }
    }

    struct PlateauCase: Decodable, Sendable {
        let options: [String: Option]
        let metrics: [Double]
        let rates: [Double]
    }

    /// A number or a word.
    struct Option: Decodable, Sendable {
        let value: ScheduleOption

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                value = .number(number)
            } else {
                value = .text(try container.decode(String.self))
            }
        }
    }

    let adamw: [AdamWCase]
    let schedules: [ScheduleCase]
    let plateaus: [PlateauCase]

    static let all: ReferenceNumbers = {
        guard let url = Bundle.module.url(forResource: "Fixtures/optimizers", withExtension: "json"),
            let data = try? Data(contentsOf: url),
            let numbers = try? JSONDecoder().decode(ReferenceNumbers.self, from: data)
        else { preconditionFailure("Fixtures/optimizers.json cannot be read") }
        return numbers
    }()
}
