import Glibc
import RunConfiguration

/// The losses of stage `dpo`: functions of the log-probabilities of chosen and rejected answers under policy and
/// reference.
package struct PreferenceLoss: Equatable, Sendable {
    /// The values of `pref_loss`.
    package enum Kind: String, CaseIterable, Sendable {
        case sigmoid, hinge, ipo, orpo, simpo
        case pairsOfFeedback = "kto_pair"
    }

    package var kind: Kind
    package var beta: Double
    /// Assumed share of pairs whose answers are swapped.
    package var labelSmoothing: Double
    /// The margin of SimPO.
    package var margin: Double

    package init(kind: Kind, beta: Double = 0.1, labelSmoothing: Double = 0, margin: Double = 0.5) {
        self.kind = kind
        self.beta = beta
        self.labelSmoothing = labelSmoothing
        self.margin = margin
    }

    init(_ configuration: RunConfiguration) {
        self.init(
            kind: Kind(rawValue: configuration[Parameters.prefLoss]) ?? .sigmoid,
            beta: configuration[Parameters.prefBeta], labelSmoothing: configuration[Parameters.dpoLabelSmoothing],
            margin: configuration[Parameters.simpoGamma])
    }

    package var needsReference: Bool { kind != .orpo && kind != .simpo }
    /// Whether log-probabilities are means over an answer's tokens, not sums.
    package var averages: Bool { kind == .ipo || kind == .orpo || kind == .simpo }

    /// The loss over a micro-batch.
    package struct Result: Equatable, Sendable {
        /// Of each pair; `kto_pair` has two a pair.
        package var losses: [Double]
        /// Of the mean of the losses, by the policy's log-probabilities: of chosen answers, then of rejected ones.
        package var gradients: [Double]
        /// Of chosen answers, then of rejected ones.
        package var rewards: [Double]

        package var mean: Double { losses.isEmpty ? 0 : losses.reduce(0, +) / Double(losses.count) }
    }

    /// - Parameters:
    ///   - policy: log-probabilities of chosen answers, then of rejected ones
    ///   - reference: the same under the reference; nil where there is none
    package func result(policy: [Double], reference: [Double]?) -> Result {
        let pairs = policy.count / 2
        let ratios = reference.map { zip(policy, $0).map { $0 - $1 } } ?? policy
        var result = Result(
            losses: [], gradients: [Double](repeating: 0, count: policy.count), rewards: ratios.map { beta * $0 })
        let drift = (
            chosen: max(0, mean(ratios.prefix(pairs))), rejected: max(0, mean(ratios.suffix(pairs)))
        )
        var second: [Double] = []
        for pair in 0..<pairs {
            let (chosen, rejected) = (ratios[pair], ratios[pairs + pair])
            let term: (loss: Double, chosen: Double, rejected: Double)
            if kind == .pairsOfFeedback {
                let (up, down) = (
                    sigmoid(beta * (chosen - drift.rejected)), sigmoid(beta * (drift.chosen - rejected))
                )
                second.append(1 - down)
                // The drifts are estimates that nothing is learned from; there are twice as many losses.
                term = (1 - up, -beta * up * (1 - up) / 2, beta * down * (1 - down) / 2)
            } else {
                term = self.term(chosen, rejected)
            }
            result.losses.append(term.loss)
            result.gradients[pair] = term.chosen / Double(pairs)
            result.gradients[pairs + pair] = term.rejected / Double(pairs)
        }
        result.losses += second
        return result
    }

    /// One pair's loss and its gradients.
    private func term(_ chosen: Double, _ rejected: Double) -> (loss: Double, chosen: Double, rejected: Double) {
        let difference = chosen - rejected
        func symmetric(_ loss: Double, _ slope: Double) -> (Double, Double, Double) { (loss, slope, -slope) }
        switch kind {
        case .sigmoid, .pairsOfFeedback:
            let scaled = beta * difference
            return symmetric(
                -(1 - labelSmoothing) * logSigmoid(scaled) - labelSmoothing * logSigmoid(-scaled),
                beta * (labelSmoothing - sigmoid(-scaled)))
        case .hinge:
            let gap = 1 - beta * difference
            return symmetric(max(0, gap), gap > 0 ? -beta : 0)
        case .ipo:
            let gap = difference - 1 / (2 * beta)
            return symmetric(gap * gap, 2 * gap)
        case .simpo:
            let scaled = beta * difference - margin
            return symmetric(-logSigmoid(scaled), -beta * sigmoid(-scaled))
        case .orpo:
            let odds = difference - (logOfRest(chosen) - logOfRest(rejected))
            let slope = -beta * sigmoid(-odds)
            return (
                -chosen - beta * logSigmoid(odds), -1 + slope * oddsSlope(chosen), -slope * oddsSlope(rejected)
            )
        }
    }

    /// `log(1 - e^x)`: how unlikely an answer is not to be given.
    private func logOfRest(_ x: Double) -> Double { log1p(-exp(x)) }

    /// The slope of the log of the odds.
    private func oddsSlope(_ x: Double) -> Double { -1 / expm1(x) }

    private func mean(_ numbers: some Collection<Double>) -> Double {
        numbers.isEmpty ? 0 : numbers.reduce(0, +) / Double(numbers.count)
    }
}
