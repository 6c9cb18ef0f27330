extension PreferenceLoss.Result {
    private var pairs: Int { rewards.count / 2 }

    /// Adds the negative log-probability of each chosen answer, by its tokens.
    ///
    /// - Parameters:
    ///   - policy: log-probabilities of chosen answers, then of rejected ones
    ///   - lengths: what those of the chosen ones are divided by
    package mutating func addSupervision(weight: Double, policy: [Double], lengths: [Int]) {
        for pair in 0..<pairs {
            let length = Double(max(1, lengths[pair]))
            add(weight * -policy[pair] / length, toPair: pair)
            gradients[pair] -= weight / length / Double(pairs)
        }
    }

    /// Mixes in the loss of a classifier (BCO, arXiv 2404.04656) that tells chosen answers from rejected ones by
    /// whether their reward is above `shift`.
    ///
    /// - Parameter weight: of the classifier's loss beside 1 for the loss at hand
    package mutating func mixClassifier(weight: Double, shift: Double, beta: Double) {
        let share = 1 / (1 + weight)
        losses = losses.map { $0 * share }
        gradients = gradients.map { $0 * share }
        for pair in 0..<pairs {
            let (chosen, rejected) = (rewards[pair] - shift, shift - rewards[pairs + pair])
            add(share * weight * -(logSigmoid(chosen) + logSigmoid(rejected)), toPair: pair)
            let slope = share * weight * beta / Double(pairs)
            gradients[pair] -= slope * sigmoid(-chosen)
            gradients[pairs + pair] += slope * sigmoid(-rejected)
        }
    }

    /// To each of the pair's losses, so that the mean grows as if there were one.
    private mutating func add(_ term: Double, toPair pair: Int) {
        for index in stride(from: pair, to: losses.count, by: pairs) { losses[index] += term }
    }
}

/// The mean of rewards over all micro-batches trained on so far, each counting once.
enum RewardShift {
    private static let (sum, count) = ("bco_reward_sum", "bco_batches")

    /// - Parameter isTraining: takes in these rewards first; an evaluation leaves the mean as training made it
    static func value(_ rewards: [Double], isTraining: Bool, _ memory: inout StageMemory) -> Double {
        if isTraining, !rewards.isEmpty {
            memory.numbers[sum, default: 0] += rewards.reduce(0, +) / Double(rewards.count)
            memory.numbers[count, default: 0] += 1
        }
        return (memory.numbers[sum] ?? 0) / max(1, memory.numbers[count] ?? 0)
    }
}
