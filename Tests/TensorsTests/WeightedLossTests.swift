import Foundation
import Tensors
import Testing

/// Cross-entropy whose labels count by what is predicted, and that is held to another model's predictions.
struct WeightedLossTests {
    private struct Probability: LabelWeighting {
        func weight(_ row: SoftmaxRow) -> Double { row.labelProbability }
    }

    private struct Entropy: LabelWeighting {
        let exponent: Double
        func weight(_ row: SoftmaxRow) -> Double { pow(row.entropy(ofLikeliest: 20) / 3, exponent) }
    }

    static let cases = (try? FixtureCase.load("weighted_loss")) ?? []

    @Test func fixturesAreThere() { #expect(Self.cases.count == 6) }

    private func weighting(_ fixture: FixtureCase) throws -> any LabelWeighting {
        fixture.attributes.kind == "entropy"
            ? Entropy(exponent: try #require(fixture.attributes.exponent)) : Probability()
    }

    @Test(arguments: cases) func matchesReference(_ fixture: FixtureCase) throws {
        let attributes = fixture.attributes
        let trained = attributes.trained == true ? try fixture.parameter("head") : nil
        let head = LinearProjection(weight: try trained.map { .trainable($0) } ?? .frozen(fixture.weight("head")))
        let (cap, strength) = (try #require(attributes.cap), try #require(attributes.factor))
        let softCap = cap > 0 ? cap : nil
        let anchor = LossAnchor(
            hidden: try fixture.tensor("anchor_hidden"),
            head: LinearProjection(weight: .frozen(try fixture.weight("anchor_head"))), softCap: softCap,
            strength: strength)
        let tape = Tape(recording: true)
        let hidden = tape.leaf(try fixture.tensor("hidden"))
        let result = try tape.linearCrossEntropy(
            hidden, head: head, labels: try #require(attributes.labels),
            options: CrossEntropyOptions(
                softCap: softCap, scale: try #require(attributes.scale), weighting: weighting(fixture)),
            anchor: strength > 0 ? anchor : nil)
        try expectClose(result.loss.value, fixture.tensor("loss"), "loss")
        if strength > 0 {
            try expectClose(Tensor([Float(result.divergence)]), fixture.tensor("divergence"), "divergence")
        }
        try tape.backward(from: result.loss)
        try expectClose(tape.gradient(of: hidden), fixture.tensor("dhidden"), "dhidden")
        if let trained { try expectClose(trained.gradient, fixture.tensor("dhead"), "dhead") }
    }

    /// Where nothing was learned yet, nothing diverges: not by a rounding.
    @Test func aModelDoesNotDivergeFromItself() throws {
        let head = LinearProjection(weight: .frozen(Weight(name: "head", tensor: noise([33, 12], "head"))))
        let states = noise([5, 12], "hidden")
        let tape = Tape(recording: true)
        let result = try tape.linearCrossEntropy(
            tape.leaf(states), head: head, labels: [1, 2, 3, 4, 5],
            anchor: LossAnchor(hidden: states, head: head, strength: 1))
        #expect(result.divergence == 0)
    }

    /// Of a vocabulary smaller than what is asked for, all of it counts.
    @Test func entropyOfFewTokensIsWhole() throws {
        struct Seen: LabelWeighting {
            func weight(_ row: SoftmaxRow) -> Double { row.entropy(ofLikeliest: 20) }
        }
        let head = LinearProjection(weight: .frozen(Weight(name: "head", tensor: Tensor(zeros: [4, 2]))))
        let tape = Tape(recording: false)
        let result = try tape.linearCrossEntropy(
            tape.constant(noise([1, 2], "hidden")), head: head, labels: [0],
            options: CrossEntropyOptions(weighting: Seen()))
        #expect(abs(result.sum - log(4.0) * log(4.0)) < 1e-6)
    }
}
