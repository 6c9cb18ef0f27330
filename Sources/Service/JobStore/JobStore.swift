package import JSONDocuments
package import ServiceAPI

/// Jobs and their events in one SQLite file; used from one thread.
///
/// "In WAL mode with synchronous=FULL every transaction is durable" (SQLite manual, pragma synchronous): what a method
/// has written is on the disk when it returns.
package final class JobStore {
    private let database: Database

    /// Opens or creates the store and brings its schema up to date.
    package init(path: String) throws(JobStoreError) {
        database = try Self.translating { try Database(path: path) }
        try Self.translating { [database] in
            try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
            try Migrations.apply(to: database)
        }
    }

    /// Adds a job and its first event, and gives it its id. A job with the same owner and token is returned instead.
    package func add(_ stored: StoredJob, at time: String) throws(JobStoreError) -> StoredJob {
        try Self.translating { [self] in
            try database.transaction {
                if let token = stored.clientToken {
                    let rows = try database.run(
                        "SELECT id FROM jobs WHERE owner = ? AND client_token = ?",
                        [.integer(Int64(stored.job.owner)), .text(token)])
                    if let id = rows.first?[0].integer { return try load(id) }
                }
                let job = stored.job
                try database.run(
                    """
                    INSERT INTO jobs (client_token, owner, name, kind, state, priority, config, overrides,
                        working_directory, output_directory, output_path, submitted_at, notes)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        text(stored.clientToken), .integer(Int64(job.owner)), .text(job.name), .text(job.kind.rawValue),
                        .text(job.state.rawValue), .integer(Int64(job.priority)), try json(stored.config),
                        try json(stored.overrides), text(job.workingDirectory), .text(job.outputDirectory),
                        .text(stored.outputPath), .text(job.submittedAt), try json(job.notes),
                    ])
                let id = database.lastInsertedRow
                try append([(.state, ["state": .string(job.state.rawValue)])], to: id, at: time)
                return try load(id)
            }
        }
    }

    /// Stores the changeable parts of a job together with events, in one transaction.
    @discardableResult
    package func update(
        _ stored: StoredJob, events: [(JobEvent.Kind, JSONObject)], at time: String
    ) throws(JobStoreError) -> [JobEvent] {
        try Self.translating { [self] in
            guard let id = Int64(stored.job.id) else { throw JobStoreError.noSuchJob(stored.job.id) }
            return try database.transaction {
                let job = stored.job
                try database.run(
                    """
                    UPDATE jobs SET state = ?, priority = ?, started_at = ?, finished_at = ?, attempt = ?,
                        failures = ?, cancel_requested = ?, progress = ?, error = ?, metrics = ? WHERE id = ?
                    """,
                    [
                        .text(job.state.rawValue), .integer(Int64(job.priority)), text(job.startedAt),
                        text(job.finishedAt), .integer(Int64(job.attempt)), .integer(Int64(stored.failures)),
                        .integer(stored.cancelRequested ? 1 : 0), try json(job.progress), try json(job.error),
                        try json(job.metrics), .integer(id),
                    ])
                return try append(events, to: id, at: time)
            }
        }
    }

    package func job(_ id: String) throws(JobStoreError) -> StoredJob {
        try Self.translating { [self] in
            guard let number = Int64(id) else { throw JobStoreError.noSuchJob(id) }
            return try load(number)
        }
    }

    /// The newest first.
    package func jobs(states: [JobState]? = nil, limit: Int = .max) throws(JobStoreError) -> [StoredJob] {
        try Self.translating { [self] in
            let chosen = states ?? JobState.allCases
            let marks = chosen.map { _ in "?" }.joined(separator: ", ")
            let rows = try database.run(
                "SELECT \(Self.columns) FROM jobs WHERE state IN (\(marks)) ORDER BY id DESC LIMIT ?",
                chosen.map { .text($0.rawValue) } + [.integer(Int64(limit))])
            return try rows.map(stored)
        }
    }

    package func counts() throws(JobStoreError) -> [JobState: Int] {
        try Self.translating { [self] in
            let rows = try database.run("SELECT state, count(*) FROM jobs GROUP BY state")
            return Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    row[0].text.flatMap(JobState.init).map { ($0, Int(row[1].integer ?? 0)) }
                })
        }
    }

    /// Events after `since`, in order, at most `limit`.
    package func events(of id: String, since: Int64, limit: Int = .max) throws(JobStoreError) -> [JobEvent] {
        try Self.translating { [self] in
            guard let number = Int64(id) else { throw JobStoreError.noSuchJob(id) }
            let rows = try database.run(
                "SELECT seq, kind, at, fields FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
                [.integer(number), .integer(since), .integer(Int64(limit))])
            return try rows.compactMap { row in
                guard let kind = row[1].text.flatMap(JobEvent.Kind.init) else { return nil }
                let fields = try JSONValue(parsing: row[3].text ?? "{}").object ?? [:]
                return JobEvent(seq: row[0].integer ?? 0, kind: kind, at: row[2].text ?? "", fields: fields)
            }
        }
    }

    package func lastSequence(of id: String) throws(JobStoreError) -> Int64 {
        try Self.translating { [self] in try lastSequence(Int64(id) ?? 0) }
    }

    // MARK: Rows

    private static let columns = """
        id, client_token, owner, name, kind, state, priority, config, overrides, working_directory, output_directory, \
        output_path, submitted_at, started_at, finished_at, attempt, failures, cancel_requested, progress, error, \
        metrics, notes
        """

    private func load(_ id: Int64) throws -> StoredJob {
        let rows = try database.run("SELECT \(Self.columns) FROM jobs WHERE id = ?", [.integer(id)])
        guard let row = rows.first else { throw JobStoreError.noSuchJob(String(id)) }
        return try stored(row)
    }

    private func stored(_ row: [Database.Value]) throws -> StoredJob {
        var job = Job(
            id: String(row[0].integer ?? 0), name: row[3].text ?? "",
            kind: row[4].text.flatMap(JobKind.init) ?? .train, state: row[5].text.flatMap(JobState.init) ?? .failed,
            owner: UInt32(truncatingIfNeeded: row[2].integer ?? 0), priority: Int(row[6].integer ?? 0),
            outputDirectory: row[10].text ?? "", workingDirectory: row[9].text, submittedAt: row[12].text ?? "",
            attempt: Int(row[15].integer ?? 0), notes: try value(row[21]) ?? [])
        job.startedAt = row[13].text
        job.finishedAt = row[14].text
        job.progress = try value(row[18])
        job.error = try value(row[19])
        job.metrics = try value(row[20])
        var result = StoredJob(
            job: job, config: try value(row[7]) ?? ConfigurationSource(object: [:]), overrides: try value(row[8]) ?? [],
            clientToken: row[1].text, outputPath: row[11].text ?? "")
        result.failures = Int(row[16].integer ?? 0)
        result.cancelRequested = row[17].integer == 1
        return result
    }

    private func lastSequence(_ id: Int64) throws -> Int64 {
        try database.run("SELECT max(seq) FROM events WHERE job = ?", [.integer(id)]).first?[0].integer ?? 0
    }

    @discardableResult
    private func append(_ events: [(JobEvent.Kind, JSONObject)], to id: Int64, at time: String) throws -> [JobEvent] {
        if events.isEmpty { return [] }
        var sequence = try lastSequence(id)
        return try events.map { kind, fields in
            sequence += 1
            try database.run(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
                [
                    .integer(id), .integer(sequence), .text(kind.rawValue), .text(time),
                    .text(JSONValue.object(fields).serialized(.compact)),
                ])
            return JobEvent(seq: sequence, kind: kind, at: time, fields: fields)
        }
    }

    private func text(_ value: String?) -> Database.Value { value.map { .text($0) } ?? .null }

    private func json(_ value: (some Encodable)?) throws -> Database.Value {
        guard let value else { return .null }
        return .text(try JSONValue(encoding: value).serialized(.compact))
    }

    private func value<Value: Decodable>(_ column: Database.Value) throws -> Value? {
        guard let text = column.text else { return nil }
        return try JSONValue(parsing: text).decoded(as: Value.self)
    }

    private static func translating<Result>(_ body: () throws -> Result) throws(JobStoreError) -> Result {
        do {
            return try body()
        } catch let error as JobStoreError {
            throw error
        } catch let error as Database.Failure where error.isDiskFull {
            throw .diskFull(error.description)
        } catch {
            throw .failed("\(error)")
        }
    }
}
