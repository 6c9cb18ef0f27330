import JSONDocuments
import LinuxSystem
package import ServiceAPI

extension JobStore {
    package func job(_ id: String) throws(JobStoreError) -> StoredJob {
        try translating { [self] in
            guard let number = Int64(id) else { throw JobStoreError.noSuchJob(id) }
            return try load(number)
        }
    }

    /// The job that was submitted with this token.
    package func job(owner: UInt32, token: String) throws(JobStoreError) -> StoredJob? {
        try translating { [self] in
            let rows = try database.run(
                "SELECT id FROM jobs WHERE owner = ? AND client_token = ?", [.integer(Int64(owner)), .text(token)])
            return try rows.first?[0].integer.map(load)
        }
    }

    /// The newest first.
    package func jobs(
        states: [JobState]? = nil, kinds: [JobKind]? = nil, limit: Int = .max
    ) throws(JobStoreError) -> [StoredJob] {
        try translating { [self] in
            let states = (states ?? JobState.allCases).map { Database.Value.text($0.rawValue) }
            let kinds = (kinds ?? JobKind.allCases).map { Database.Value.text($0.rawValue) }
            let rows = try database.run(
                """
                SELECT \(Self.columns) FROM jobs WHERE state IN (\(Self.marks(states))) AND kind IN \
                (\(Self.marks(kinds))) ORDER BY id DESC LIMIT ?
                """, states + kinds + [.integer(Int64(limit))])
            return try rows.map(stored)
        }
    }

    /// Whether a job of this owner writes, or wrote, to this place.
    package func hasJob(owner: UInt32, outputPath: String) throws(JobStoreError) -> Bool {
        try translating { [self] in
            let rows = try database.run(
                "SELECT 1 FROM jobs WHERE output_path = ? AND owner = ? LIMIT 1",
                [.text(outputPath), .integer(Int64(owner))])
            return !rows.isEmpty
        }
    }

    /// The folders of files that came with submissions, of all jobs.
    package func inputs() throws(JobStoreError) -> Set<String> {
        try translating { [self] in
            Set(try database.run("SELECT inputs FROM jobs WHERE inputs IS NOT NULL").compactMap { $0[0].text })
        }
    }

    /// Who has a job whose output directory is this folder, or else the nearest one above it.
    package func owners(ofOutputAround folder: String) throws(JobStoreError) -> Set<UInt32> {
        var places: [Database.Value] = []
        var place = folder
        while place.count > 1 {
            places.append(.text(place))
            place = Path.parent(of: place)
        }
        return try translating { [self] in
            let rows = try database.run(
                "SELECT DISTINCT output_path, owner FROM jobs WHERE output_path IN (\(Self.marks(places)))", places)
            // Somebody's folder above another's gives no right to what lies in that.
            let nearest = rows.compactMap { $0[0].text }.max { $0.utf8.count < $1.utf8.count }
            return Set(
                rows.filter { $0[0].text == nearest }
                    .compactMap { $0[1].integer.map { UInt32(truncatingIfNeeded: $0) } })
        }
    }

    /// The output directories of other users' jobs that lie in a folder.
    package func outputs(notOf owner: UInt32, in folder: String) throws(JobStoreError) -> [String] {
        try translating { [self] in
            try database.run(
                // '0' follows '/'.
                "SELECT DISTINCT output_path FROM jobs WHERE output_path > ? AND output_path < ? AND owner != ?",
                [.text(folder + "/"), .text(folder + "0"), .integer(Int64(owner))]
            ).compactMap { $0[0].text }
        }
    }

    /// The output directories of a user's jobs, the newest first.
    package func outputs(of owner: UInt32, limit: Int) throws(JobStoreError) -> [String] {
        try translating { [self] in
            try database.run(
                "SELECT output_path FROM jobs WHERE owner = ? GROUP BY output_path ORDER BY max(id) DESC LIMIT ?",
                [.integer(Int64(owner)), .integer(Int64(limit))]
            ).compactMap { $0[0].text }
        }
    }

    /// Every job that has not ended, oldest first, without its configuration.
    package func liveJobs() throws(JobStoreError) -> [LiveJob] {
        try translating { [self] in
            let states = JobState.allCases.filter { !$0.isFinal }.map { Database.Value.text($0.rawValue) }
            let rows = try database.run(
                """
                SELECT id, owner, kind, state, priority, output_path, after, threads, memory_bytes, \
                json_extract(progress, '$.remaining') FROM jobs WHERE state IN (\(Self.marks(states))) ORDER BY id
                """, states)
            return try rows.map { row in
                LiveJob(
                    id: String(row[0].integer ?? 0), owner: UInt32(truncatingIfNeeded: row[1].integer ?? 0),
                    kind: row[2].text.flatMap(JobKind.init) ?? .train,
                    state: row[3].text.flatMap(JobState.init) ?? .queued, priority: Int(row[4].integer ?? 0),
                    outputPath: row[5].text ?? "",
                    after: row[6].text == "[]" ? [] : try value(row[6]) ?? [],
                    threads: row[7].integer.map { Int($0) }, memoryBytes: row[8].integer.map { Int($0) },
                    remaining: row[9].number)
            }
        }
    }

    /// The state of each of these jobs that exists.
    package func states(of ids: some Sequence<String>) throws(JobStoreError) -> [String: JobState] {
        try translating { [self] in
            var states: [String: JobState] = [:]
            for id in ids {
                let rows = try database.run("SELECT state FROM jobs WHERE id = ?", [.integer(Int64(id) ?? 0)])
                if let state = rows.first?[0].text.flatMap(JobState.init) { states[id] = state }
            }
            return states
        }
    }

    package func counts() throws(JobStoreError) -> [JobState: Int] {
        try translating { [self] in
            let rows = try database.run("SELECT state, count(*) FROM jobs GROUP BY state")
            return Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    row[0].text.flatMap(JobState.init).map { ($0, Int(row[1].integer ?? 0)) }
                })
        }
    }

    /// Events after `since`, in order, at most `limit`; figures are found in the job's `MetricsLog`.
    package func events(
        of id: String, since: Int64, limit: Int = .max, kinds: [JobEvent.Kind] = JobEvent.Kind.allCases
    ) throws(JobStoreError) -> [JobEvent] {
        try translating { [self] in
            guard let number = Int64(id) else { throw JobStoreError.noSuchJob(id) }
            let kinds = kinds.map { Database.Value.text($0.rawValue) }
            let rows = try database.run(
                """
                SELECT seq, kind, at, fields FROM events WHERE job = ? AND seq > ? AND kind IN (\(Self.marks(kinds))) \
                ORDER BY seq LIMIT ?
                """, [.integer(number), .integer(since)] + kinds + [.integer(Int64(limit))])
            return try rows.compactMap { row in
                guard let kind = row[1].text.flatMap(JobEvent.Kind.init) else { return nil }
                let fields = try JSONValue(parsing: row[3].text ?? "{}").object ?? [:]
                return JobEvent(seq: row[0].integer ?? 0, kind: kind, at: row[2].text ?? "", fields: fields)
            }
        }
    }

    private static func marks(_ values: [Database.Value]) -> String {
        values.map { _ in "?" }.joined(separator: ", ")
    }
}
