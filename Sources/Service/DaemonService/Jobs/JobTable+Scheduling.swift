import Glibc
import JSONDocuments
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

extension JobTable {
    // MARK: Recovery and stopping

    /// What a new daemon does with the jobs of the last one.
    func recover() throws {
        inputs.removeAll(but: try store.inputs())
        for live in try store.liveJobs() {
            outputs[live.outputPath] = live.id
            let states = live.after.isEmpty ? [:] : try store.states(of: live.after)
            dependencies.add(live.id, after: live.after.filter { states[$0] != .succeeded })
            switch live.state {
            case .running: try recoverRunning(live.id)
            case .queued: enqueue(live)
            case .waiting: try checkDependencies(of: live.id)
            default: break
            }
        }
    }

    private func recoverRunning(_ id: String) throws {
        var stored = try store.job(id)
        // Figures are written before their numbers are stored with the job.
        if FileSystem.isFile(metricsPath(of: id)) {
            stored.lastSequence = max(stored.lastSequence, try MetricsLog(path: metricsPath(of: id)).lastSequence)
        }
        if let last = try MetricsLog.events(at: metricsPath(of: id), since: stored.lastSequence - 1).last,
            last.kind == .progress
        {
            stored.job.progress?.take(last.fields)
        }
        try apply(.daemonRestarted, to: &stored, fields: ["reason": "the daemon was restarted"])
        logger.notice("job goes on after a restart", ["job": id, "state": stored.job.state.rawValue])
    }

    /// Lets a waiting job go on when what it waits for has happened meanwhile.
    func checkDependencies(of id: String) throws {
        var stored = try stored(id)
        guard stored.job.state == .waiting else { return }
        let unmet = dependencies.unmet(of: id)
        if unmet.isEmpty {
            try apply(.dependenciesMet, to: &stored)
            return
        }
        let states = try store.states(of: unmet)
        for predecessor in unmet.sorted() where states[predecessor] == nil || states[predecessor]?.isFinal == true {
            try failForDependency(&stored, predecessor, states[predecessor])
            return
        }
    }

    /// Stops every worker with a checkpoint and calls `completion` when all have ended.
    func stopAll(completion: @escaping () -> Void) {
        whenStopped = completion
        stopPlanning()
        for job in running.values { job.worker.stop(reason: "shutdown", gracePeriod: 60) }
        if running.isEmpty { completion() }
    }

    // MARK: The queue

    func enqueue(_ stored: StoredJob) { enqueue(LiveJob(stored)) }

    private func enqueue(_ live: LiveJob) {
        queue.insert(
            QueuedJob(
                id: live.id, priority: live.priority, order: Int64(live.id) ?? 0,
                threads: live.threads ?? Scheduler.threads(policy: policy, machine: machine),
                memoryBytes: live.memoryBytes, expectedSeconds: live.remaining ?? durations[live.kind]?.seconds,
                isDelayed: retries[live.id] != nil))
    }

    /// What is known of a job's needs before it starts; admission and the expected start follow it.
    func setNeeds(of id: String, _ plan: MemoryPlan) throws {
        var stored = try stored(id)
        guard !stored.job.state.isFinal else { return }
        stored.job.memoryBytes = plan.reservation
        stored.job.memory = JobMemory(
            plannedPeakBytes: plan.peakAnonymousBytes, mappedWeightBytes: plan.mappedWeightBytes,
            keepBelowBytes: plan.keepBelowBytes)
        try record(&stored, [])
        if stored.job.state == .queued { enqueue(stored) }
        startWhatMayRun()
    }

    var runningShares: [RunningShare] {
        running.values.map { job in
            RunningShare(
                threads: job.stored.job.threads ?? 1, memoryBytes: job.stored.job.memoryBytes,
                remaining: job.stored.job.progress?.remaining)
        }
    }

    func startWhatMayRun() {
        defer { schedulerPasses &+= 1 }
        guard whenStopped == nil else { return }
        planNext()
        let admission = Scheduler.admit(queue, running: runningShares, machine: machine, policy: policy)
        hold = admission.hold
        for id in admission.impossible { refuseImpossible(id) }
        for id in admission.start {
            // Those behind keep their places.
            if needsPlan(id) {
                hold = .plan
                break
            }
            start(id)
        }
    }

    func refuseImpossible(_ id: String) {
        guard var stored = try? store.job(id) else { return }
        // It has to pass through `running`, whose end with an error is the only way to fail.
        do {
            guard let refusal = planning.refusals[id] else {
                // The plan was made by an earlier daemon or for another budget: a new one says what would fit.
                stored.job.memoryBytes = nil
                stored.job.memory = nil
                try record(&stored, [])
                enqueue(stored)
                loop.after(0) { [weak self] in self?.startWhatMayRun() }
                return
            }
            try apply(.started, to: &stored)
            try fail(&stored, refusal)
        } catch {
            tryLater("a job could not be refused", id, error)
        }
    }

    func tryLater(_ message: StaticString, _ id: String, _ error: any Error) {
        logger.error(message, ["job": id, "reason": "\(error)"])
        loop.after(1) { [weak self] in self?.startWhatMayRun() }
    }

    // MARK: What clients see

    /// The job with its place in the queue.
    func view(_ stored: StoredJob) -> Job {
        var job = stored.job
        if let position = queue.position(of: job.id) {
            let times =
                position < 1000
                ? Scheduler.startTimes(
                    queue, running: runningShares, policy: policy, limit: position + 1) : []
            job.queue = place(position, times)
        }
        return job
    }

    /// The same for many jobs, the queue being gone through once.
    func views(_ list: [StoredJob]) -> [Job] {
        let times = Scheduler.startTimes(queue, running: runningShares, policy: policy)
        return list.map { stored in
            let stored = running[stored.job.id]?.stored ?? stored
            var job = stored.job
            if let position = queue.position(of: job.id) { job.queue = place(position, times) }
            return job
        }
    }

    private func place(_ position: Int, _ times: [Double?]) -> QueuePlace {
        let id = queue.jobs[position].id
        var place = QueuePlace(position: position + 1)
        if position < times.count { place.startsIn = times[position].map { ($0 * 10).rounded() / 10 } }
        if let end = retries[id] {
            let left = max(0, end - MonotonicClock.seconds)
            place.startsIn = max(place.startsIn ?? 0, (left * 10).rounded() / 10)
            place.reason = "it is tried again after a pause"
        } else if position == queue.jobs.firstIndex(where: { !$0.isDelayed }) {
            place.reason = hold?.reason
        }
        return place
    }
}

extension Scheduler.Hold {
    var reason: String {
        switch self {
        case .plan: "what it needs of memory is being found out"
        case .runningJobs(let count): "\(count) \(count == 1 ? "job runs" : "jobs run"), as many as may"
        case .cores(let needed, let free): "it needs \(needed) cores, \(free) are free"
        case .memory(let needed, let free): "it needs \(needed >> 20) MiB of memory, \(free >> 20) MiB are free"
        }
    }
}

extension MachineCapacity {
    /// The processors, and the memory that the settings allow.
    static func available(_ limits: DaemonLimits) -> MachineCapacity {
        MachineCapacity(cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)), memoryBytes: limits.memoryBudget)
    }
}
