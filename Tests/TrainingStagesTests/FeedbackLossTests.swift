import Testing
import TrainingStages

/// Values of training-and-inference, 8.4.
struct FeedbackLossTests {
    private static let ratios = [2.0, -1, -1]
    private static let kinds = [true, true, false]

    private func expect(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) <= 1e-6) }
    }

    @Test func lossesByTheDrift() {
        let result = FeedbackLoss().result(Self.ratios, isDesired: Self.kinds, drifts: [1, 2, -1])
        expect([result.drift], [2.0 / 3])
        expect(result.losses, [0.4667160, 0.5415704, 0.4584295])
        expect([result.mean], [0.4889053])
        let weighted = FeedbackLoss(undesiredWeight: 1.33).result(
            Self.ratios, isDesired: Self.kinds, drifts: [1, 2, -1])
        expect([weighted.losses[2], weighted.mean], [0.6097113, 0.5393326])
        let doubled = FeedbackLoss(desiredWeight: 2).result(Self.ratios, isDesired: Self.kinds, drifts: [1, 2, -1])
        expect(doubled.losses, [2 * 0.4667160, 2 * 0.5415704, 0.4584295])
    }

    @Test func theDriftIsNotNegative() {
        let result = FeedbackLoss(undesiredWeight: 1.33).result(
            Self.ratios, isDesired: Self.kinds, drifts: [-4, -1, -1])
        expect([result.drift] + result.losses, [0, 0.4501660, 0.5249792, 0.6317777])
    }

    @Test func supervisionIsByDesiredAnswers() {
        var result = FeedbackLoss().result(Self.ratios, isDesired: Self.kinds, drifts: [1, 2, -1])
        let before = result.mean
        result.addSupervision(weight: 0.1, policy: [-20, -35, -25], lengths: [20, 25, 5], isDesired: Self.kinds)
        expect([result.mean - before], [0.18])
        var none = FeedbackLoss().result([1], isDesired: [false], drifts: [0])
        let alone = none
        none.addSupervision(weight: 0.1, policy: [-3], lengths: [3], isDesired: [false])
        #expect(none == alone)
    }

    @Test func gradients() {
        func result(_ ratios: [Double]) -> FeedbackLoss.Result {
            var result = FeedbackLoss(beta: 0.3, desiredWeight: 1.2, undesiredWeight: 0.7).result(
                ratios, isDesired: Self.kinds, drifts: [1])
            result.addSupervision(weight: 0.2, policy: ratios, lengths: [2, 3, 4], isDesired: Self.kinds)
            return result
        }
        let gradients = result(Self.ratios).gradients
        for index in Self.ratios.indices {
            var (up, down) = (Self.ratios, Self.ratios)
            up[index] += 1e-6
            down[index] -= 1e-6
            #expect(abs((result(up).mean - result(down).mean) / 2e-6 - gradients[index]) <= 1e-6, "\(index)")
        }
    }
}

struct RewardModellingTests {
    @Test func lossAndAccuracyOfPairs() {
        let result = RewardModelling.loss(chosen: [1.2, -0.3], rejected: [0.4, 0.1])
        #expect(abs(result.mean - 0.6420580) <= 1e-6 && result.correct == 1)
        #expect(RewardModelling.loss(chosen: [1, 1], rejected: [1, 0]).correct == 1, "equal scores are not right")
        for index in 0..<2 {
            var (up, down) = ([1.2, -0.3], [1.2, -0.3])
            up[index] += 1e-6
            down[index] -= 1e-6
            let slope =
                (RewardModelling.loss(chosen: up, rejected: [0.4, 0.1]).mean
                    - RewardModelling.loss(chosen: down, rejected: [0.4, 0.1]).mean) / 2e-6
            #expect(abs(slope - result.gradients[index]) <= 1e-6)
        }
    }
}
