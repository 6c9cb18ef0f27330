import JSONDocuments
import LanguageModels
import Tensors
import Testing

@Suite struct RotaryFrequenciesTests {
    func frequencies(_ scaling: RotaryScaling, maximum: Int = 64, size: Int = 16, theta: Double = 1e4)
        -> RotaryFrequencies
    {
        RotaryFrequencies(dimensions: size, theta: theta, scaling: scaling, maximumPositions: maximum)
    }

    static let base: [Float] = [
        1, 0.316227764, 0.1, 0.0316227786, 0.01, 0.00316227786, 0.001, 0.000316227786,
    ]

    @Test func defaultAndLinear() {
        #expect(close(frequencies(.none).inverse(length: 8), Self.base))
        #expect(close(frequencies(.linear(factor: 2)).inverse(length: 8), Self.base.map { $0 / 2 }))
    }

    @Test func dynamic() {
        let at200: [Float] = [
            1, 0.283945143, 0.0806248412, 0.0228930302, 0.00650036521, 0.001845747, 0.000524090894, 0.000148813066,
        ]
        let at256: [Float] = [
            1, 0.270296127, 0.0730599985, 0.0197478328, 0.00533776265, 0.00144277664, 0.000389976922, 0.000105409257,
        ]
        let dynamic = frequencies(.dynamic(factor: 2), maximum: 128)
        #expect(close(dynamic.inverse(length: 5), Self.base) && close(dynamic.inverse(length: 128), Self.base))
        #expect(close(dynamic.inverse(length: 200), at200) && close(dynamic.inverse(length: 256), at256))
        #expect(close(frequencies(.dynamic(factor: 2), maximum: 64).inverse(length: 100), at200))
        #expect(dynamic.range(length: 200) != dynamic.range(length: 128))
        #expect(dynamic.dependsOnLength && !frequencies(.none).dependsOnLength)
    }

    /// Read from a configuration, which also derives the attention factor.
    @Test func yarn() throws {
        let configuration = try ModelConfiguration(
            [
                "model_type": "llama", "vocab_size": 9, "hidden_size": 64, "intermediate_size": 8,
                "num_hidden_layers": 1, "num_attention_heads": 4,
                "rope_scaling": ["rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64],
            ])
        let yarn = configuration.rotary
        let expected: [Float] = [
            1, 0.237170815, 0.05, 0.00790569466, 0.0025, 0.000790569466, 0.00025, 7.90569466e-05,
        ]
        #expect(close(yarn.inverse(length: 8), expected))
        #expect(abs(yarn.attentionFactor - 1.138629436111989) < 1e-12)
    }

    @Test func llama3() {
        let found = frequencies(
            .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, originalPositions: 8192), size: 64, theta: 5e5
        ).inverse(length: 8)
        #expect(close(Array(found[..<4]), [1, 0.663601279, 0.440366626, 0.292227834]))
        let expected: [Float] = [
            0.00321144611, 0.00137189368, 0.000524846022, 0.000178507791, 7.78465546e-05, 5.16590699e-05,
        ]
        #expect(close(Array(found[14..<20]), expected))
        #expect(close([found[31]], [3.7673226e-07]))
    }

    @Test func longrope() throws {
        let factors = (0..<8).map { JSONValue.number(1 + Double($0) / 10) }
        let configuration = try ModelConfiguration(
            [
                "model_type": "phi3", "vocab_size": 9, "hidden_size": 64, "intermediate_size": 8,
                "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 256,
                "original_max_position_embeddings": 64,
                "rope_scaling": [
                    "type": "su", "short_factor": .array(factors), "long_factor": .array(factors.map { _ in 2.0 }),
                ],
            ])
        let longrope = configuration.rotary
        let short: [Float] = [
            1, 0.287479758, 0.0833333358, 0.0243252143, 0.00714285718, 0.00210818532, 0.000624999986, 0.000186016332,
        ]
        #expect(close(longrope.inverse(length: 64), short))
        #expect(close(longrope.inverse(length: 65), Self.base.map { $0 / 2 }))
        #expect(abs(longrope.attentionFactor - 1.1547005383792517) < 1e-12)
        #expect(configuration.warnings.isEmpty, "\(configuration.warnings)")
    }

    /// What a run asks for: counted from the length before any other stretching, and saved for either version.
    @Test(arguments: PositionStretch.Kind.allCases)
    func stretched(kind: PositionStretch.Kind) throws {
        var configuration = try ModelConfiguration(
            [
                "model_type": "llama", "vocab_size": 9, "hidden_size": 64, "intermediate_size": 8,
                "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 512, "rope_theta": 5e5,
            ])
        configuration.stretch(PositionStretch(kind: kind, factor: 3))
        #expect(configuration.maximumPositions == 1536 && configuration.rotary.theta == 5e5)
        let saved = configuration.saved(weightFormat: .float32)
        #expect(saved["max_position_embeddings"] == 1536)
        #expect(saved["rope_scaling"]?["rope_type"]?.string == kind.rawValue)
        let again = try ModelConfiguration(saved)
        #expect(again.rotary == configuration.rotary && again.unstretchedPositions == (kind == .linear ? 1536 : 512))
        var other = again
        other.stretch(PositionStretch(kind: .yarn, factor: 2, theta: 1e6))
        #expect(other.maximumPositions == 2 * again.unstretchedPositions && other.rotary.theta == 1e6)
    }

    /// Relative to each number.
    func close(_ left: [Float], _ right: [Float]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) }
    }
}
