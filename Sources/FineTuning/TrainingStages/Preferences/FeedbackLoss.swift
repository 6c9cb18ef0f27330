/// The loss of stage `kto` (Ethayarajh et al., arXiv 2402.01306).
package struct FeedbackLoss: Equatable, Sendable {
    package var beta: Double
    package var desiredWeight: Double
    package var undesiredWeight: Double

    package init(beta: Double = 0.1, desiredWeight: Double = 1, undesiredWeight: Double = 1) {
        self.beta = beta
        self.desiredWeight = desiredWeight
        self.undesiredWeight = undesiredWeight
    }

    /// The loss over a micro-batch.
    package struct Result: Equatable, Sendable {
        /// Of each example.
        package var losses: [Double]
        /// What is added to their mean.
        package var supervision = 0.0
        /// Of `mean`, by the policy's log-probability of each answer.
        package var gradients: [Double]
        package var rewards: [Double]
        /// How far the policy is from the reference, at least 0; nothing is learned from it.
        package var drift: Double

        package var mean: Double {
            (losses.isEmpty ? 0 : losses.reduce(0, +) / Double(losses.count)) + supervision
        }

        /// Adds the mean negative log-probability of the desired answers' tokens, times the share of desired examples'
        /// inverse as the reference has it.
        ///
        /// - Parameters:
        ///   - policy: log-probabilities of all answers
        ///   - lengths: their tokens
        package mutating func addSupervision(
            weight: Double, policy: [Double], lengths: [Int], isDesired: [Bool]
        ) {
            let desired = isDesired.indices.filter { isDesired[$0] }
            guard !desired.isEmpty else { return }
            let count = Double(desired.count)
            let factor = weight / count / count * Double(isDesired.count)
            for index in desired {
                let length = Double(max(1, lengths[index]))
                supervision -= factor * policy[index] / length
                gradients[index] -= factor / length
            }
        }
    }

    /// - Parameters:
    ///   - ratios: log-probabilities of the answers under the policy without those under the reference
    ///   - drifts: the same of answers that belong to other prompts
    package func result(_ ratios: [Double], isDesired: [Bool], drifts: [Double]) -> Result {
        let drift = drifts.isEmpty ? 0 : max(0, drifts.reduce(0, +) / Double(drifts.count))
        let count = Double(max(1, ratios.count))
        var result = Result(losses: [], gradients: [], rewards: ratios.map { beta * $0 }, drift: drift)
        for (ratio, desired) in zip(ratios, isDesired) {
            let sign = desired ? 1.0 : -1
            let weight = desired ? desiredWeight : undesiredWeight
            let value = sigmoid(beta * sign * (ratio - drift))
            result.losses.append(weight * (1 - value))
            result.gradients.append(-weight * beta * sign * value * (1 - value) / count)
        }
        return result
    }
}
