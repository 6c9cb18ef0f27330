import ServiceAPI

/// How long jobs that have ended are kept.
package struct RetentionRule: Equatable, Sendable {
    /// The newest so many; nil for all.
    package var finalJobs: Int?
    /// Those that ended at most so long ago; nil for all.
    package var seconds: Int?

    package init(finalJobs: Int? = nil, seconds: Int? = nil) {
        self.finalJobs = finalJobs
        self.seconds = seconds
    }
}

extension JobStore {
    /// Lets the ended jobs grow older. Time that the daemon does not run does not count, so that a wall clock that
    /// jumps removes nothing.
    package func age(bySeconds seconds: Int) throws(JobStoreError) {
        _ = try translating { [self] in
            try database.run(
                "UPDATE jobs SET kept_seconds = kept_seconds + ? WHERE state IN (\(Self.finalStates))",
                [.integer(Int64(seconds))])
        }
    }

    /// Ended jobs that the rule lets go, oldest first, at most `limit`.
    package func expiredJobs(_ rule: RetentionRule, limit: Int) throws(JobStoreError) -> [String] {
        try translating { [self] in
            var ids: Set<Int64> = []
            if let count = rule.finalJobs {
                let rows = try database.run(
                    "SELECT id FROM jobs WHERE state IN (\(Self.finalStates)) ORDER BY id DESC LIMIT ? OFFSET ?",
                    [.integer(Int64(limit)), .integer(Int64(count))])
                ids.formUnion(rows.compactMap { $0[0].integer })
            }
            if let seconds = rule.seconds {
                let rows = try database.run(
                    "SELECT id FROM jobs WHERE state IN (\(Self.finalStates)) AND kept_seconds > ? LIMIT ?",
                    [.integer(Int64(seconds)), .integer(Int64(limit))])
                ids.formUnion(rows.compactMap { $0[0].integer })
            }
            return ids.sorted().prefix(limit).map { String($0) }
        }
    }

    private static let finalStates = JobState.allCases.filter(\.isFinal).map { "'\($0.rawValue)'" }
        .joined(separator: ", ")
}
