import JSONDocuments
import JobStore
import LinuxSystem
import ServiceAPI
import WorkerSupervision

/// A job that has a worker.
final class RunningJob {
    var stored: StoredJob
    let worker: Worker
    let metrics: MetricsLog
    let startedAt = MonotonicClock.seconds
    /// Reported by the worker, not yet stored.
    var events: [(JobEvent.Kind, JSONObject)] = []
    var flushIsDue = false
    /// The worker's answer, once it is there.
    var outcome: Result<WorkerTrain.Result, ServiceError>?
    /// Why the process ended, once it has.
    var exit: ServiceError?

    init(stored: StoredJob, worker: Worker, metrics: MetricsLog) {
        self.stored = stored
        self.worker = worker
        self.metrics = metrics
    }

    /// Takes in what the worker tells, so that the job's description is up to date at once.
    func apply(_ event: WorkerEvent) {
        var progress = stored.job.progress ?? JobProgress(phase: "starting")
        let fields = event.fields
        switch event.kind {
        case .phase:
            progress.phase = fields["phase"]?.string ?? progress.phase
            if let total = fields["total_steps"]?.integer { progress.totalSteps = Int(total) }
            if let step = fields["step"]?.integer { progress.step = Int(step) }
        case .progress: progress.take(fields)
        case .checkpoint:
            stored.failures = 0  // It got further than last time.
            if let step = fields["step"]?.integer, let path = fields["path"]?.string {
                stored.job.checkpoint = JobCheckpoint(step: Int(step), path: path)
            }
        case .state, .evaluation, .note: return
        }
        stored.job.progress = progress
    }

    /// Figures that nobody was told of may be thinned out while the disk is full.
    func dropSuperfluousFigures() {
        guard events.count > 1000, let last = events.lastIndex(where: { $0.0 == .progress }) else { return }
        events = events.enumerated().filter { $0.offset >= last || $0.element.0 != .progress }.map(\.element)
    }
}

extension JobProgress {
    /// Takes over the members of a progress event.
    mutating func take(_ fields: JSONObject) {
        phase = fields["phase"]?.string ?? "training"
        step = fields["step"]?.integer.map { Int($0) } ?? step
        totalSteps = fields["total_steps"]?.integer.map { Int($0) } ?? totalSteps
        epoch = fields["epoch"]?.double ?? epoch
        loss = fields["loss"]?.double ?? loss
        gradientNorm = fields["grad_norm"]?.double ?? gradientNorm
        learningRate = fields["learning_rate"]?.double ?? learningRate
        tokensPerSecond = fields["tokens_per_second"]?.double ?? tokensPerSecond
        elapsed = fields["elapsed"]?.double ?? elapsed
        remaining = fields["remaining"]?.double ?? remaining
    }
}
