import Optimizers
import Tensors
import Testing

@Suite struct LoRAPlusTests {
    /// The reference's grouping by names and dimensions.
    @Test func whoLearnsHowFast() throws {
        let shapes: [(name: String, shape: [Int])] = [
            ("q_proj.lora_A.weight", [2, 4]), ("q_proj.lora_B.weight", [4, 2]), ("q_proj.lora_magnitude_vector", [4]),
            ("norm.weight", [4]), ("q_proj.bias", [4]), ("embed_tokens.weight", [8, 4]),
            ("embed_tokens.lora_embedding_A", [2, 8]), ("embed_tokens.lora_embedding_B", [4, 2]),
        ]
        let parameters = shapes.map { Parameter(name: $0.name, value: Tensor(zeros: $0.shape)) }
        let groups = OptimizerGroup.loraPlus(
            parameters, try SGD(), weightDecay: 0.1, ratio: 16, embeddingFactor: 0.01)
        func settings(_ name: String) -> [Double]? {
            groups.first { $0.parameters.contains { $0.name == name } }.map { [$0.rateFactor, $0.weightDecay] }
        }
        let expected: [[Double]] = [
            [1, 0.1], [16, 0.1], [16, 0.1], [16, 0.1], [16, 0], [1, 0.1], [1, 0.1], [0.01, 0.1],
        ]
        #expect(shapes.map { settings($0.name) } == expected)
        #expect(groups.flatMap(\.parameters).count == parameters.count)
    }
}
