/// A job that waits for its turn.
package struct QueuedJob: Equatable, Sendable {
    package var id: String
    package var priority: Int
    /// Order of submission, lower first.
    package var order: Int64
    package var threads: Int
    /// What it needs at its peak, when that is known.
    package var memoryBytes: Int?
    /// How long it is expected to run.
    package var expectedSeconds: Double?
    /// Whether it waits for a retry's delay.
    package var isDelayed: Bool

    package init(
        id: String, priority: Int, order: Int64, threads: Int, memoryBytes: Int? = nil, expectedSeconds: Double? = nil,
        isDelayed: Bool = false
    ) {
        self.id = id
        self.priority = priority
        self.order = order
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.expectedSeconds = expectedSeconds
        self.isDelayed = isDelayed
    }

    func isBefore(_ other: QueuedJob) -> Bool {
        priority != other.priority ? priority > other.priority : order < other.order
    }
}

/// The jobs that wait for their turn, always in the order in which they start.
///
/// Finding a job takes logarithmic time, so that ten thousand of them cost nothing at each event.
package struct JobQueue: Equatable, Sendable {
    package private(set) var jobs: [QueuedJob] = []
    private var keys: [String: QueuedJob] = [:]

    package init() {}

    package var count: Int { jobs.count }
    package subscript(id: String) -> QueuedJob? { keys[id] }

    /// Puts a job into its place; one of the same id is replaced.
    package mutating func insert(_ job: QueuedJob) {
        remove(job.id)
        keys[job.id] = job
        jobs.insert(job, at: place(of: job))
    }

    package mutating func remove(_ id: String) {
        guard let job = keys.removeValue(forKey: id) else { return }
        jobs.remove(at: place(of: job))
    }

    /// Counted from 0.
    package func position(of id: String) -> Int? { keys[id].map(place) }

    /// The first place whose job is not before this one.
    private func place(of job: QueuedJob) -> Int {
        var (low, high) = (0, jobs.count)
        while low < high {
            let middle = (low + high) / 2
            if jobs[middle].isBefore(job) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
