import Tensors
import Testing

/// A gradient that is said to be complete is the one that the whole pass leaves.
struct GradientWatchTests {
    private let table = Parameter(name: "table", value: .normal([20, 8], seed: 1, name: "table"))
    private let norm = Parameter(name: "norm", value: .normal([8], seed: 1, name: "norm"))
    private let first = Parameter(name: "first", value: .normal([8, 8], seed: 1, name: "first"))
    private let second = Parameter(name: "second", value: .normal([8, 8], seed: 1, name: "second"))
    private var parameters: [Parameter] { [table, norm, first, second] }

    /// An embedding that is the head as well, and two blocks that share a norm.
    private func train(_ policy: CheckpointPolicy, isHeadFused: Bool, _ watch: GradientWatch?) throws {
        for parameter in parameters { parameter.clearGradient() }
        let tape = Tape(recording: true, checkpointPolicy: policy, watch: watch)
        let ids: [Int32] = [3, 1, 4, 1, 5, 9, 2, 6]
        var hidden = try tape.embedding(ids, table: .trainable(table))
        for weight in [first, second] {
            hidden = try tape.checkpoint([hidden]) { tape, inputs in
                let normed = try tape.rmsNorm(inputs[0], weight: .trainable(norm), epsilon: 1e-6)
                return [try tape.add(inputs[0], tape.linear(normed, LinearProjection(weight: .trainable(weight))))]
            }[0]
        }
        let head = LinearProjection(weight: .trainable(table))
        let labels: [Int32] = [1, 4, 1, 5, 9, 2, 6, -100]
        if isHeadFused {
            try tape.backward(from: tape.linearCrossEntropy(hidden, head: head, labels: labels).loss)
        } else {
            let values = try tape.labelLogProbabilities(hidden, head: head, labels: labels).values
            try tape.backward(from: tape.weightedSum(values, weights: [Float](repeating: -1, count: 7)))
        }
    }

    @Test(arguments: [CheckpointPolicy.recompute, .keep], [true, false])
    func completeIsComplete(policy: CheckpointPolicy, isHeadFused: Bool) throws {
        try train(policy, isHeadFused: isHeadFused, nil)
        let expected = parameters.map { $0.gradient?.array }
        #expect(expected.allSatisfy { $0 != nil })
        var order: [String] = []
        try train(
            policy, isHeadFused: isHeadFused,
            GradientWatch { parameter in
                order.append(parameter.name)
                let index = try #require(parameters.firstIndex { $0 === parameter })
                #expect(parameter.gradient?.array == expected[index], "\(parameter.name)")
                parameter.clearGradient()
            })
        // The norm goes on until the first block; the table until the embedding.
        #expect(order == ["second", "first", "norm", "table"])
        #expect(parameters.allSatisfy { $0.gradient == nil }, "nothing arrives afterwards")
    }

    @Test func anErrorEndsThePass() throws {
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try train(.recompute, isHeadFused: true, GradientWatch { _ in throw Enough() })
        }
    }
}
