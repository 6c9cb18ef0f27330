import Checkpoints
import LinuxSystem

/// What this process has done of a run, and how long it has taken.
struct RunSpan {
    private let start = MonotonicClock.seconds
    /// Where this process began.
    let startStep: Int
    let startTokens: Int
    /// Real tokens since then, without padding, and the sum of the updates' losses.
    private(set) var tokens = 0
    private(set) var loss = 0.0

    init(_ progress: RunProgress) {
        startStep = progress.step
        startTokens = progress.state.inputTokensSeen
    }

    mutating func take(tokens: Int, loss: Double) {
        self.tokens += tokens
        self.loss += loss
    }

    var elapsed: Double { MonotonicClock.seconds - start }

    /// Seconds to go, judged by the steps of this process.
    func remaining(step: Int, totalSteps: Int, elapsed: Double) -> Double {
        step > startStep ? elapsed / Double(step - startStep) * Double(max(0, totalSteps - step)) : 0
    }

    func tokensPerSecond(elapsed: Double) -> Double { elapsed > 0 ? Double(tokens) / elapsed : 0 }
}
