import Testing
import TrainingStages

/// Sums and means of two pairs, with the values of training-and-inference, 8.3.
struct PreferenceLossTests {
    private static let sums = (policy: [-20.0, -35, -25, -30], reference: [-22.0, -34, -24, -33])
    private static let means = (policy: [-1.0, -1.4, -1.5, -1.2], reference: [-1.1, -1.36, -1.4, -1.3])

    private func expect(_ found: [Double], _ expected: [Double], within tolerance: Double = 1e-6) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) <= tolerance) }
    }

    @Test(
        arguments: [
            (PreferenceLoss(kind: .sigmoid), [0.5543552, 0.9130152]),
            (PreferenceLoss(kind: .sigmoid, labelSmoothing: 0.1), [0.5843552, 0.8730152]),
            (PreferenceLoss(kind: .hinge), [0.7, 1.4]),
            (PreferenceLoss(kind: .pairsOfFeedback), [0.4750208, 0.5498340, 0.4625702, 0.5621765]),
        ])
    func lossesOfSums(loss: PreferenceLoss, expected: [Double]) {
        let result = loss.result(policy: Self.sums.policy, reference: Self.sums.reference)
        expect(result.losses, expected)
        expect(result.rewards, [0.2, -0.1, -0.1, 0.3])
    }

    @Test(
        arguments: [
            (PreferenceLoss(kind: .ipo), [23.04, 26.4196], [0.01, -0.004, -0.01, 0.01]),
            (PreferenceLoss(kind: .orpo), [1.0401136, 1.4840200], [-0.1, -0.14, -0.15, -0.12]),
            (PreferenceLoss(kind: .simpo), [0.9432490, 0.9865731], [-0.1, -0.14, -0.15, -0.12]),
            (PreferenceLoss(kind: .simpo, beta: 2, margin: 1), [0.6931472, 1.6204174], [-2, -2.8, -3, -2.4]),
        ])
    func lossesOfMeans(loss: PreferenceLoss, expected: [Double], rewards: [Double]) {
        #expect(loss.averages)
        let result = loss.result(
            policy: Self.means.policy, reference: loss.needsReference ? Self.means.reference : nil)
        expect(result.losses, expected)
        expect(result.rewards, rewards)
    }

    @Test func supervisionIsByTheTokensOfChosenAnswers() {
        var result = PreferenceLoss(kind: .sigmoid).result(policy: Self.sums.policy, reference: Self.sums.reference)
        result.addSupervision(weight: 0.5, policy: Self.sums.policy, lengths: [20, 25])
        expect(result.losses, [1.0543551, 1.6130152], within: 2e-6)
        // Two losses a pair have the term in their mean once.
        var pairs = PreferenceLoss(kind: .pairsOfFeedback).result(
            policy: Self.sums.policy, reference: Self.sums.reference)
        pairs.addSupervision(weight: 0.5, policy: Self.sums.policy, lengths: [20, 25])
        expect([pairs.mean], [0.5124004 + 0.5 * (1 + 1.4) / 2])
    }

    @Test func aClassifierTellsChosenFromRejected() {
        var result = PreferenceLoss(kind: .sigmoid).result(policy: Self.sums.policy, reference: Self.sums.reference)
        result.mixClassifier(weight: 0.5, shift: 0.075, beta: 0.1)
        expect(result.losses, [0.7835934, 1.1408210])
    }

    /// Each gradient against the slope of the mean, also of what is mixed in.
    @Test(arguments: PreferenceLoss.Kind.allCases) func gradients(kind: PreferenceLoss.Kind) {
        let loss = PreferenceLoss(kind: kind, beta: 0.3, labelSmoothing: kind == .sigmoid ? 0.1 : 0)
        let (policy, reference) = loss.averages ? Self.means : Self.sums
        // What nothing is learned from stands still.
        let drifting = kind == .pairsOfFeedback
        func result(_ policy: [Double]) -> PreferenceLoss.Result {
            var result = loss.result(policy: policy, reference: loss.needsReference ? reference : nil)
            if loss.needsReference { result.mixClassifier(weight: 0.4, shift: 0.02, beta: loss.beta) }
            result.addSupervision(weight: 0.3, policy: policy, lengths: [3, 4])
            return result
        }
        let gradients = result(policy).gradients
        for index in policy.indices {
            let step = 1e-6
            var (up, down) = (policy, policy)
            up[index] += step
            down[index] -= step
            if drifting {
                // A move of the other pair's answer the other way keeps the mean drift.
                let other = index ^ 1
                up[other] -= step
                down[other] += step
            }
            let slope = (result(up).mean - result(down).mean) / (2 * step)
            let expected = drifting ? gradients[index] - gradients[index ^ 1] : gradients[index]
            #expect(abs(slope - expected) <= 1e-6 * max(1, abs(slope)), "\(kind) \(index)")
        }
    }

    /// Far from zero nothing overflows, and near it nothing is lost.
    @Test func extremesAreFinite() {
        for kind in PreferenceLoss.Kind.allCases where kind != .orpo {
            let result = PreferenceLoss(kind: kind).result(
                policy: [-1e5, -1, -1, -1e5], reference: [-1, -1e5, -1e5, -1])
            #expect((result.losses + result.gradients).allSatisfy { $0.isFinite }, "\(kind)")
        }
    }
}
