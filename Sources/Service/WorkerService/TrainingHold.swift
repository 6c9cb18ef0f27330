import LinuxSystem
import Tensors

/// Holds a job's computing back while somebody waits for a model's answer.
///
/// The pool's tasks wait, within a step as well as between two: a step of a large model may take many seconds. The
/// process itself goes on answering the daemon, and the results are those of a run that was never held back.
final class TrainingHold {
    private let loop: EventLoop
    private var timer: EventLoop.TimerToken?
    private var since: Double?

    /// No wish holds for longer, whatever it says.
    static let longest = 60.0

    init(loop: EventLoop) { self.loop = loop }

    /// - Parameter seconds: after which computing goes on by itself; another call begins them anew
    func begin(atMost seconds: Double) {
        guard seconds > 0 else { return }
        since = since ?? MonotonicClock.seconds
        ComputePool.hold.begin()
        if let timer { loop.cancel(timer) }
        timer = loop.after(min(seconds, Self.longest)) { [weak self] in self?.end() }
    }

    func end() {
        if let timer { loop.cancel(timer) }
        timer = nil
        ComputePool.hold.end()
        guard let since else { return }
        self.since = nil
        let tenths = Int((MonotonicClock.seconds - since) * 10)
        WorkerLog.write("gave way to requests to models for \(tenths / 10).\(tenths % 10) s")
    }
}
