package import ServiceAPI

/// What the queue allows.
package struct SchedulingPolicy: Equatable, Sendable {
    /// Jobs that run at the same time.
    package var runningJobs = 1
    /// Transient failures in a row, without a checkpoint between them, before a job is given up.
    package var failures = 5
    /// Seconds before the first retry; each further one waits twice as long.
    package var firstDelay = 0.25
    /// The longest wait before a retry, in seconds.
    package var longestDelay = 60.0
    /// Threads of one worker, 0 for an equal share of the cores.
    package var threads = 0

    package init() {}
}

/// What all jobs together may use.
package struct MachineCapacity: Equatable, Sendable {
    package var cores: Int
    /// Nil when it is not known.
    package var memoryBytes: Int?

    package init(cores: Int, memoryBytes: Int?) {
        self.cores = max(1, cores)
        self.memoryBytes = memoryBytes
    }
}

/// A job that has a worker.
package struct RunningShare: Equatable, Sendable {
    package var threads: Int
    package var memoryBytes: Int?
    /// Seconds until it is expected to end.
    package var remaining: Double?

    package init(threads: Int, memoryBytes: Int? = nil, remaining: Double? = nil) {
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.remaining = remaining
    }
}

/// Decisions from values: no clock, no disk, no process.
package enum Scheduler {
    /// Threads of a job's workers, decided once before its first start: the cores are shared equally.
    package static func threads(policy: SchedulingPolicy, machine: MachineCapacity) -> Int {
        let share = max(1, machine.cores / max(1, policy.runningJobs))
        return policy.threads > 0 ? min(policy.threads, machine.cores) : share
    }

    /// Why the job at the head of the queue does not start.
    package enum Hold: Equatable, Sendable {
        case runningJobs(Int)
        case cores(needed: Int, free: Int)
        case memory(needed: Int, free: Int)
        /// What it needs is not known yet.
        case plan
    }

    /// What `admit` decides.
    package struct Admission: Equatable, Sendable {
        package var start: [String] = []
        /// Jobs that need more memory than the machine has.
        package var impossible: [String] = []
        package var hold: Hold?

        package init(start: [String] = [], impossible: [String] = [], hold: Hold? = nil) {
            self.start = start
            self.impossible = impossible
            self.hold = hold
        }
    }

    /// The jobs to start now: by priority, then by order of submission.
    ///
    /// A job that does not fit holds those behind it, so that small jobs cannot keep a large one from starting. One
    /// that waits for a retry's delay is passed by.
    package static func admit(
        _ queue: JobQueue, running: [RunningShare], machine: MachineCapacity, policy: SchedulingPolicy
    ) -> Admission {
        var admission = Admission()
        var slots = policy.runningJobs - running.count
        var cores = machine.cores - running.reduce(0) { $0 + $1.threads }
        var memory = machine.memoryBytes.map { total in running.reduce(total) { $0 - ($1.memoryBytes ?? 0) } }
        for job in queue.jobs where !job.isDelayed {
            if slots <= 0 {
                admission.hold = .runningJobs(policy.runningJobs)
                break
            }
            if let needed = job.memoryBytes, let total = machine.memoryBytes, needed > total {
                admission.impossible.append(job.id)
                continue
            }
            let threads = min(job.threads, machine.cores)
            if threads > cores {
                admission.hold = .cores(needed: threads, free: max(0, cores))
                break
            }
            if let needed = job.memoryBytes, let free = memory, needed > free {
                admission.hold = .memory(needed: needed, free: max(0, free))
                break
            }
            admission.start.append(job.id)
            slots -= 1
            cores -= threads
            memory = memory.map { $0 - (job.memoryBytes ?? 0) }
        }
        return admission
    }

    /// Seconds until each queued job is expected to start, in the queue's order, as far as that can be told.
    package static func startTimes(
        _ queue: JobQueue, running: [RunningShare], policy: SchedulingPolicy, limit: Int = 1000
    ) -> [Double?] {
        // When each place becomes free. A job of unknown length makes its place's later times unknown.
        var places: [Double] = running.map { $0.remaining.map { max(0, $0) } ?? .infinity }
        places += Array(repeating: 0, count: max(0, policy.runningJobs - running.count))
        return queue.jobs.prefix(limit).map { job in
            guard let index = places.indices.min(by: { places[$0] < places[$1] }) else { return nil }
            let start = places[index]
            places[index] = start + (job.expectedSeconds ?? .infinity)
            return start.isFinite ? start : nil
        }
    }

    package enum AfterFailure: Equatable, Sendable {
        case retry(afterSeconds: Double)
        case fail
    }

    /// What to do with a job whose worker failed.
    ///
    /// - Parameter failures: transient failures in a row, this one included.
    package static func afterFailure(
        _ kind: ErrorKind, failures: Int, policy: SchedulingPolicy
    ) -> AfterFailure {
        guard kind.isTransient, failures < policy.failures else { return .fail }
        let delay = policy.firstDelay * Double(1 << min(max(failures - 1, 0), 20))
        return .retry(afterSeconds: min(delay, policy.longestDelay))
    }
}
