import LinuxSystem

/// Time since training began or went on, and what follows from it.
final class TrainingClock {
    private let start = MonotonicClock.seconds
    /// Where this process began.
    let startStep: Int
    let startTokens: Int
    /// Real tokens since then, without padding.
    var tokens = 0

    init(startStep: Int, startTokens: Int) {
        self.startStep = startStep
        self.startTokens = startTokens
    }

    var elapsed: Double { MonotonicClock.seconds - start }

    /// Seconds to go, judged by the steps of this process.
    func remaining(step: Int, totalSteps: Int, elapsed: Double) -> Double {
        step > startStep ? elapsed / Double(step - startStep) * Double(max(0, totalSteps - step)) : 0
    }

    var tokensPerSecond: Double { elapsed > 0 ? Double(tokens) / elapsed : 0 }
}
