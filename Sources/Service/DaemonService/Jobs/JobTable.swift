import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

/// Jobs from the queue to their end: starts workers, records what they say, tells watchers. It lives on the jobs'
/// thread, where it may wait for a disk.
///
/// Everything that happens to a job goes through `apply`: the lifecycle says what follows, the store makes it durable,
/// then memory, watchers and successors learn of it.
final class JobTable {
    let store: JobStore
    private(set) var policy = SchedulingPolicy()
    private(set) var machine: MachineCapacity
    let program: WorkerProgram
    /// Without links.
    let stateDirectory: String
    private(set) var limits: DaemonLimits
    /// Where each job's worker gets a control group; without them the supervisor watches.
    let groups: ControlGroups?
    let inputs: KeptInputs
    let loop: EventLoop
    let logger: Logger

    /// Jobs that have a worker.
    var running: [String: RunningJob] = [:]
    /// Jobs in state `queued`.
    var queue = JobQueue()
    var dependencies = DependencyTable()
    /// The job that is going to write into each output directory, of those that have not ended.
    var outputs: [String: String] = [:]
    /// Why the head of the queue does not start.
    var hold: Scheduler.Hold?
    /// Monotonic times at which the delays of retried jobs end.
    var retries: [String: Double] = [:]
    /// How long the jobs of each kind took that ended since the daemon was started.
    var durations: [JobKind: MeanDuration] = [:]
    var planning = JobPlanning()
    var whenStopped: (() -> Void)?
    /// How often the queue has been looked at, for the watchdog.
    var schedulerPasses: UInt64 = 0
    /// How often something has happened to a job that was not final.
    private(set) var changes: UInt64 = 0

    private var watchers: [String: [JobWatcher]] = [:]
    private let turns: WatcherTurns
    private var waiters: [String: [JobWaiter]] = [:]
    /// Jobs that have ended and whose successors have not been told.
    private var ended: [(id: String, state: JobState)] = []
    private var isTellingSuccessors = false

    init(
        store: JobStore, program: WorkerProgram, stateDirectory: String, limits: DaemonLimits, groups: ControlGroups?,
        loop: EventLoop, logger: Logger
    ) {
        self.store = store
        machine = .available(limits)
        self.program = program
        let stateDirectory = FileSystem.canonicalPath(stateDirectory) ?? stateDirectory
        self.stateDirectory = stateDirectory
        self.limits = limits
        self.groups = groups
        inputs = KeptInputs(stateDirectory: stateDirectory)
        self.loop = loop
        self.logger = logger
        turns = WatcherTurns(loop: loop)
        obey(limits)
    }

    /// Takes over what the settings say now.
    func settingsChanged(_ limits: DaemonLimits) {
        obey(limits)
        startWhatMayRun()
    }

    private func obey(_ limits: DaemonLimits) {
        self.limits = limits
        policy.runningJobs = limits.runningJobs
        policy.threads = limits.workerThreads
        machine = .available(limits)
    }

    func folder(of id: String) -> String { "\(stateDirectory)/jobs/\(id)" }
    func logPath(of id: String) -> String { folder(of: id) + "/worker.log" }
    func metricsPath(of id: String) -> String { folder(of: id) + "/metrics.log" }

    /// The jobs that have a worker, the newest first, as they are now.
    var runningJobs: [Job] {
        running.values.map(\.stored.job).sorted { (Int($0.id) ?? 0) > (Int($1.id) ?? 0) }
    }

    /// What is shown of all jobs in one line.
    struct Status: Sendable {
        var running: [Job]
        var counts: [JobState: Int]
        fileprivate var changes: UInt64
    }

    /// - Parameter last: what was told last, which is told again when nothing has happened
    func status(after last: Status?) -> Status {
        if let last, last.changes == changes { return last }
        return Status(running: runningJobs, counts: (try? store.counts()) ?? [:], changes: changes)
    }

    /// The job as it is now; what its worker said last may not be stored yet.
    func stored(_ id: String) throws -> StoredJob { try running[id]?.stored ?? store.job(id) }

    // MARK: Changes

    /// Lets something happen to a job: one transaction, then everybody who has to know.
    ///
    /// - Parameters:
    ///   - fields: what the event of the new state says beside the state
    ///   - events: recorded in the same transaction, before it
    func apply(
        _ occurrence: JobOccurrence, to stored: inout StoredJob, fields: JSONObject = [:],
        events: [(JobEvent.Kind, JSONObject)] = []
    ) throws {
        let before = JobCondition(stored.job.state, wish: stored.job.wish)
        let after: JobCondition
        do {
            after = try JobLifecycle.after(occurrence, before)
        } catch {
            throw ServiceError(
                .conflict, "job \(stored.job.id): \(error.description)", hint: error.hint, job: stored.job.id)
        }
        var next = stored
        next.job.state = after.state
        next.job.wish = after.wish
        var events = events
        if after.state != before.state {
            if after.state.isFinal { next.job.finishedAt = Timestamp.now() }
            if before.state.isFinal {
                next.job.finishedAt = nil
                next.job.error = nil
            }
            var change: JSONObject = ["state": .string(after.state.rawValue)]
            for (name, value) in fields { change[name] = value }
            if after.state.isFinal, let error = next.job.error { change["error"] = try JSONValue(encoding: error) }
            events.append((.state, change))
        }
        if after == before, events.isEmpty { return }
        try record(&next, events)
        stored = next
        changed(next, from: before.state)
    }

    /// Stores, then tells the watchers.
    func record(_ stored: inout StoredJob, _ events: [(JobEvent.Kind, JSONObject)]) throws {
        let recorded = try store.update(&stored, events: events, at: Timestamp.now())
        JobJournal.tell(stored, recorded, in: logger)
        tell(stored.job.id, recorded)
        running[stored.job.id]?.stored = stored
        changes &+= 1
    }

    /// A change that only the memory knows of, so far.
    func noteChange() { changes &+= 1 }

    func tell(_ id: String, _ events: [JobEvent]) {
        for watcher in watchers[id] ?? [] { watcher.send(events) }
    }

    /// Brings what is kept in memory up to date with a change that is stored.
    private func changed(_ stored: StoredJob, from before: JobState) {
        let (id, state) = (stored.job.id, stored.job.state)
        guard state != before else { return }
        if state == .queued { enqueue(stored) } else { queue.remove(id) }
        if state != .queued { retries[id] = nil }
        if state != .queued, planning.current?.id == id { stopPlanning() }
        if state.isFinal {
            planning.unplanned.remove(id)
            planning.refusals[id] = nil
            outputs[stored.outputPath] = nil
            dependencies.remove(id)
            // One that did not succeed may be asked to try again.
            if state == .succeeded, let name = stored.inputs { inputs.remove(name) }
            for watcher in watchers.removeValue(forKey: id) ?? [] { watcher.finish(view(stored)) }
            for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.ended(id) }
            ended.append((id, state))
            tellSuccessors()
        }
    }

    /// A loop and not a recursion: a long chain must not use up the stack.
    private func tellSuccessors() {
        if isTellingSuccessors { return }
        isTellingSuccessors = true
        defer { isTellingSuccessors = false }
        while let (id, state) = ended.popLast() {
            for successor in dependencies.successors(of: id) {
                do {
                    try predecessorEnded(id, as: state, of: successor)
                } catch {
                    // A new daemon looks at every waiting job again; this one tries until then.
                    logger.error("a waiting job could not be told", ["job": successor, "reason": "\(error)"])
                    loop.after(1) { [weak self] in
                        self?.ended.append((id, state))
                        self?.tellSuccessors()
                        self?.startWhatMayRun()
                    }
                }
            }
        }
    }

    private func predecessorEnded(_ predecessor: String, as state: JobState, of id: String) throws {
        var stored = try stored(id)
        if state == .succeeded {
            var table = dependencies
            let isFree = table.meet(predecessor, for: id)
            if isFree, stored.job.state == .waiting {
                try apply(.dependenciesMet, to: &stored, fields: ["reason": .string("job \(predecessor) succeeded")])
            }
            dependencies = table
        } else if stored.job.state == .waiting {
            try failForDependency(&stored, predecessor, state)
        }
    }

    func failForDependency(_ stored: inout StoredJob, _ predecessor: String, _ state: JobState?) throws {
        let end = state.map { "is \($0.rawValue)" } ?? "does not exist any more"
        var failed = stored
        failed.job.error = ServiceError(
            .dependencyFailed, "job \(predecessor), which had to succeed first, \(end)",
            hint: "requeue job \(predecessor), then this one", job: stored.job.id)
        try apply(.dependencyFailed, to: &failed)
        stored = failed
    }

    // MARK: Watching and waiting

    func watch(_ id: String, since: Int64, request: IncomingRequest) throws {
        // What is not stored yet comes as an event a moment later.
        try? flush(id)
        let stored = try stored(id)
        let watcher = JobWatcher(request: request, lastSequence: since, turns: turns)
        var place = MetricsLog.Place()
        watcher.stored = { [weak self] since, limit in
            (try? self?.events(of: id, since: since, limit: limit, from: &place)) ?? []
        }
        // The snapshot and the registration happen in one turn of the loop, so nothing falls between them.
        watcher.begin(view(stored), sequence: stored.lastSequence)
        if stored.job.state.isFinal {
            watcher.finish(view(stored))
            return
        }
        watchers[id, default: []].append(watcher)
        request.onCancel = { [weak self, weak watcher] in
            watcher?.cancel()
            self?.watchers[id]?.removeAll { $0 === watcher }
            if self?.watchers[id]?.isEmpty ?? false { self?.watchers[id] = nil }
        }
    }

    /// What happened after `since`, at most `limit` events: changes from the store, figures from the job's log, in order.
    ///
    /// - Parameter place: where in the log the last call ended
    private func events(
        of id: String, since: Int64, limit: Int, from place: inout MetricsLog.Place
    ) throws -> [JobEvent] {
        let figures = try MetricsLog.events(at: metricsPath(of: id), since: since, limit: limit, from: &place)
        let changes = try store.events(of: id, since: since, limit: limit)
        if figures.isEmpty { return changes }
        return Array((figures + changes).sorted { $0.seq < $1.seq }.prefix(limit))
    }

    /// Only the figures. Stores of the first schema hold them among the events.
    func metrics(of id: String, since: Int64, limit: Int) throws -> [JobEvent] {
        let older = try store.events(
            of: id, since: since, limit: limit, kinds: JobEvent.Kind.allCases.filter(\.isMetric))
        let figures = try MetricsLog.events(at: metricsPath(of: id), since: since, limit: limit)
        return Array((older + figures).prefix(limit))
    }

    /// Tells the worker of every running job something.
    func notifyWorkers(_ method: String, _ parameters: JSONValue?) {
        for job in running.values { job.worker.peer.notify(method, parameters) }
    }

    /// Calls the waiter when the jobs have ended; those that have already are not waited for.
    func add(_ waiter: JobWaiter, for ids: [String]) {
        for id in ids { waiters[id, default: []].append(waiter) }
    }

    func remove(_ waiter: JobWaiter) {
        for id in waiter.remaining {
            waiters[id]?.removeAll { $0 === waiter }
            if waiters[id]?.isEmpty ?? false { waiters[id] = nil }
        }
    }
}

/// The mean of what was measured.
struct MeanDuration {
    private var count = 0.0
    private(set) var seconds = 0.0

    mutating func add(_ seconds: Double) {
        count += 1
        self.seconds += (seconds - self.seconds) / count
    }
}
