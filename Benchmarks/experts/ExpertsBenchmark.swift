import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors

/// `experts-benchmark`: one training step over a mixture of experts, in process: what it takes when more experts exist
/// and as many are used, and when more of them are used.
///
/// Every token takes one expert. The router's rows beyond the experts to be used are copies of theirs, and of equal
/// logits the first counts, so the others are never chosen.
@main
struct ExpertsBenchmark {
    private static let tokens = 512

    static func main() throws {
        print("experts  used  seconds/step  weights")
        for existing in [8, 32, 128] { try measure(existing, used: 8) }
        for used in [2, 8, 32, 128] { try measure(128, used: used) }
    }

    private static func measure(_ existing: Int, used: Int) throws {
        let model = try model(existing, used: used)
        let ids = (0..<tokens).map { Int32(($0 * 7919 + 13) % model.configuration.vocabularySize) }
        let layout = try SequenceLayout(lengths: [tokens])
        var times: [Double] = []
        for _ in 0..<7 {
            let start = MonotonicClock.seconds
            let tape = Tape(recording: true, checkpointPolicy: .keep)
            let loss = try model.loss(ids, labels: ids, layout: layout, on: tape)
            try tape.backward(from: loss.loss)
            for parameter in model.parameters { parameter.clearGradient() }
            times.append(MonotonicClock.seconds - start)
        }
        let median = times.dropFirst(2).sorted()[2]
        let bytes = model.tensors.reduce(0) { $0 + 2 * $1.value.shape.reduce(1, *) }
        print("\(existing)\t \(used)\t\((median * 1000).rounded() / 1000)\t\t\(bytes >> 20) MiB")
    }

    /// Four layers; the attention's queries learn, so that gradients go through every expert that is used.
    private static func model(_ existing: Int, used: Int) throws -> DecoderModel {
        let configuration = try ModelConfiguration(
            [
                "model_type": "qwen3_moe", "vocab_size": 1024, "hidden_size": 1024, "intermediate_size": 512,
                "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 128,
                "num_experts": .integer(Int64(existing)), "num_experts_per_tok": 1, "moe_intermediate_size": 512,
            ])
        let random = try DecoderModel.initialized(configuration, seed: 7)
        return try random.replacingTensors { name, value in
            let numbers = value.widened()
            if name.hasSuffix("q_proj.weight") { return .trainable(Parameter(name: name, value: numbers)) }
            if name.hasSuffix("mlp.gate.weight") {
                let width = numbers.columns
                for place in used * width..<numbers.count { numbers[place] = numbers[place % (used * width)] }
            }
            let bytes = Weight.narrowedBytes(numbers, to: .bfloat16)
            return .frozen(try Weight(name: name, format: .bfloat16, shape: numbers.shape, copying: bytes))
        }
    }
}
