import JSONDocuments
import LinuxSystem
import ServiceAPI

/// Carries out what `TrainingPreemption` decides: tells the workers of running jobs to wait and to go on.
final class TrainingYielding {
    private var policy = TrainingPreemption()
    private let loop: EventLoop
    private let tell: (String, JSONValue?) -> Void
    private var timer: EventLoop.TimerToken?

    /// - Parameter tell: sends a notification to the worker of every running job
    init(loop: EventLoop, tell: @escaping (String, JSONValue?) -> Void) {
        self.loop = loop
        self.tell = tell
    }

    func requestBegan() {
        policy.requestBegan()
        act()
    }

    func requestEnded() {
        policy.requestEnded(at: MonotonicClock.seconds)
        act()
    }

    private func act() {
        let now = MonotonicClock.seconds
        let (action, next) = policy.decide(at: now)
        switch action {
        case .yield(let seconds)?: tell(WorkerYield.name, ["seconds": .number(seconds)])
        case .goOn?: tell(WorkerContinue.name, nil)
        case nil: break
        }
        if let timer { loop.cancel(timer) }
        timer = next.map { next in
            loop.after(next - now) { [weak self] in
                self?.timer = nil
                self?.act()
            }
        }
    }
}
