/// Which jobs come after which, for those that have not ended.
package struct DependencyTable: Equatable, Sendable {
    /// Jobs that have to succeed first and have not yet.
    private var unmet: [String: Set<String>] = [:]
    private var successors: [String: Set<String>] = [:]

    package init() {}

    package func hasUnmet(_ job: String) -> Bool { unmet[job]?.isEmpty == false }
    package func unmet(of job: String) -> Set<String> { unmet[job] ?? [] }

    /// The jobs that wait for this one, oldest first.
    package func successors(of job: String) -> [String] {
        (successors[job] ?? []).sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }

    package mutating func add(_ job: String, after predecessors: some Sequence<String>) {
        for predecessor in predecessors {
            unmet[job, default: []].insert(predecessor)
            successors[predecessor, default: []].insert(job)
        }
    }

    /// Notes that `predecessor` has succeeded.
    ///
    /// - Returns: whether `job` waits for nothing any more
    package mutating func meet(_ predecessor: String, for job: String) -> Bool {
        unmet[job]?.remove(predecessor)
        unlink(job, from: predecessor)
        if unmet[job]?.isEmpty ?? true { unmet[job] = nil }
        return unmet[job] == nil
    }

    /// Forgets what a job waits for; those that wait for it stay.
    package mutating func remove(_ job: String) {
        for predecessor in unmet.removeValue(forKey: job) ?? [] { unlink(job, from: predecessor) }
    }

    private mutating func unlink(_ job: String, from predecessor: String) {
        successors[predecessor]?.remove(job)
        if successors[predecessor]?.isEmpty ?? false { successors[predecessor] = nil }
    }
}
