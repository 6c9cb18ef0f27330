import JSONDocuments
import LanguageModels
import Tensors
import Testing
import WeightFiles

/// Models whose weights come from a formula, with losses and logits of transformers in double-checked decimals.
@Suite struct FormulaModelTests {
    struct Expected: Sendable {
        var name: String
        var keys: String
        var loss: Double
        var firstLogits: [Float]
        var sum: Double
        var squares: Double
    }

    static let common = """
        "vocab_size":97,"hidden_size":32,"intermediate_size":48,"num_hidden_layers":2,"num_attention_heads":4,
        "num_key_value_heads":2,"max_position_embeddings":64
        """

    @Test(arguments: [
        Expected(
            name: "llama", keys: #""model_type":"llama","rms_norm_eps":1e-5,"rope_theta":10000.0"#, loss: 4.827837,
            firstLogits: [-0.423271, -0.932235, 1.05214, -0.170544, -0.270016, 1.53553], sum: -1.223448,
            squares: 566.4577),
        Expected(
            name: "llama3",
            keys: """
                "model_type":"llama","rms_norm_eps":1e-5,"rope_parameters":{"rope_type":"llama3",
                "rope_theta":500000.0,"factor":8.0,
                "low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}
                """, loss: 4.817872,
            firstLogits: [-0.458781, -0.903585, 1.06691, -0.209386, -0.261088, 1.5538], sum: -1.365714,
            squares: 562.7518),
        Expected(
            name: "qwen2",
            keys: #""model_type":"qwen2","rms_norm_eps":1e-6,"rope_theta":1000000.0,"tie_word_embeddings":true"#,
            loss: 4.987881, firstLogits: [0.453348, 1.15102, -0.440653, 0.398981, -0.0494365, -0.943457],
            sum: -4.982403, squares: 393.1465),
    ])
    func lossAndLogits(expected: Expected) throws {
        let configuration = try ModelConfiguration(JSONValue(parsing: "{\(Self.common),\(expected.keys)}"))
        let model = try Self.formulaModel(configuration)
        let tokens = stride(from: Int32(1), through: 45, by: 4).map { $0 }
        let layout = try SequenceLayout(lengths: [tokens.count])
        let result = try model.loss(tokens, labels: tokens, layout: layout, on: Tape(recording: false))
        #expect(abs(result.sum / Double(result.count) - expected.loss) < 2e-6 * expected.loss)
        #expect(result.count == 11)

        let hidden = try model.hiddenStates(tokens, layout: layout, on: Tape(recording: false))
        let logits = try model.logits(hidden.value)
        #expect(difference(Array(logits.row(11)[..<6]), expected.firstLogits) < 2e-5)
        let values = logits.array.map { Double($0) }
        #expect(abs(values.reduce(0, +) - expected.sum) < 5e-4)
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } - expected.squares) < 1e-5 * expected.squares)
    }

    /// Values by the tensor's place among the sorted names and the element's place in the tensor.
    static func formulaModel(_ configuration: ModelConfiguration) throws -> DecoderModel {
        let empty = try DecoderModel.initialized(configuration, seed: 1)
        let names = empty.tensors.map(\.name).sorted()
        return try empty.replacingTensors { name, value in
            let place = names.firstIndex(of: name) ?? 0
            let count = value.shape.reduce(1, *)
            let fanIn = Double(value.shape.dropFirst().reduce(1, *)).squareRoot()
            let values = (0..<count).map { index -> Float in
                let u = Double((7919 * index + 104729 * place + 12345) % 2001 - 1000) / 1000
                if value.shape.count > 1 { return Float(u / fanIn) }
                return Float(name.hasSuffix("bias") ? 0.1 * u : 1 + 0.1 * u)
            }
            return .frozen(Weight(name: name, tensor: try Tensor(values, shape: value.shape)))
        }
    }
}
