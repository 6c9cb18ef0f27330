import Glibc
package import JSONDocuments
import LinuxSystem
package import ServiceAPI

/// Jobs and their events in one SQLite file; used from one thread.
///
/// "In WAL mode with synchronous=FULL every transaction is durable" (SQLite manual, pragma synchronous): what a method
/// has written is on the disk when it returns.
package final class JobStore {
    let database: Database
    let path: String

    /// Opens or creates the store and brings its schema up to date.
    ///
    /// - Parameter migrating: called within each step's transaction, when all of it is done but the commit
    package init(path: String, migrating: (String) -> Void = { _ in }) throws(JobStoreError) {
        self.path = path
        database = try Self.translating(path) {
            try Self.keepPrivate(path)
            let database = try Database(path: path)
            try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
            try Migrations.apply(to: database, migrating: migrating)
            return database
        }
    }

    /// SQLite would make the file readable for all; those beside it get the modes of this one.
    private static func keepPrivate(_ path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        try checking("fchmod", path) { [number = file.number] in Int(fchmod(number, 0o600)) }
    }

    /// Adds a job and its first event, and gives it its id. A job with the same owner and token is returned instead.
    package func add(_ stored: StoredJob, at time: String) throws(JobStoreError) -> StoredJob {
        try translating { [self] in
            try database.transaction {
                if let token = stored.clientToken, let known = try job(owner: stored.job.owner, token: token) {
                    return known
                }
                let job = stored.job
                try database.run(
                    """
                    INSERT INTO jobs (client_token, owner, name, kind, state, priority, config, overrides,
                        working_directory, output_directory, output_path, submitted_at, notes, after, forked_from,
                        memory_bytes, input, inputs, matmul_precision, last_seq)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
                    """,
                    [
                        text(stored.clientToken), .integer(Int64(job.owner)), .text(job.name), .text(job.kind.rawValue),
                        .text(job.state.rawValue), .integer(Int64(job.priority)), try json(stored.config),
                        try json(stored.overrides), text(job.workingDirectory), .text(job.outputDirectory),
                        .text(stored.outputPath), .text(job.submittedAt), try json(job.notes), try json(job.after),
                        integer(job.forkedFrom.flatMap { Int($0) }), integer(job.memoryBytes), text(job.input),
                        text(stored.inputs), text(job.matmulPrecision),
                    ])
                let id = database.lastInsertedRow
                try insert([(.state, ["state": .string(job.state.rawValue)])], into: id, after: 0, at: time)
                return try load(id)
            }
        }
    }

    /// Stores the changeable parts of a job together with events, in one transaction.
    ///
    /// - Returns: the events with their numbers, which `stored` then knows of
    @discardableResult
    package func update(
        _ stored: inout StoredJob, events: [(JobEvent.Kind, JSONObject)], at time: String
    ) throws(JobStoreError) -> [JobEvent] {
        let before = stored
        let recorded = try translating { [self] in
            guard let id = Int64(before.job.id) else { throw JobStoreError.noSuchJob(before.job.id) }
            return try database.transaction {
                let job = before.job
                try database.run(
                    """
                    UPDATE jobs SET state = ?, priority = ?, started_at = ?, finished_at = ?, attempt = ?,
                        failures = ?, wish = ?, progress = ?, error = ?, metrics = ?, checkpoint = ?, threads = ?,
                        memory_bytes = ?, memory = ?, last_seq = ? WHERE id = ?
                    """,
                    [
                        .text(job.state.rawValue), .integer(Int64(job.priority)), text(job.startedAt),
                        text(job.finishedAt), .integer(Int64(job.attempt)), .integer(Int64(before.failures)),
                        text(job.wish?.rawValue), try json(job.progress), try json(job.error), try json(job.metrics),
                        try json(job.checkpoint), integer(job.threads), integer(job.memoryBytes),
                        try json(job.memory), .integer(before.lastSequence + Int64(events.count)), .integer(id),
                    ])
                return try insert(events, into: id, after: before.lastSequence, at: time)
            }
        }
        stored.lastSequence += Int64(recorded.count)
        return recorded
    }

    /// Removes jobs with their events.
    package func remove(_ ids: [String]) throws(JobStoreError) {
        try translating { [self] in
            try database.transaction {
                for id in ids { try database.run("DELETE FROM jobs WHERE id = ?", [.integer(Int64(id) ?? 0)]) }
            }
        }
    }

    // MARK: Rows

    static let columns = """
        id, client_token, owner, name, kind, state, priority, config, overrides, working_directory, output_directory, \
        output_path, submitted_at, started_at, finished_at, attempt, failures, wish, progress, error, metrics, notes, \
        after, forked_from, checkpoint, threads, memory_bytes, input, last_seq, memory, inputs, matmul_precision
        """

    func load(_ id: Int64) throws -> StoredJob {
        let rows = try database.run("SELECT \(Self.columns) FROM jobs WHERE id = ?", [.integer(id)])
        guard let row = rows.first else { throw JobStoreError.noSuchJob(String(id)) }
        return try stored(row)
    }

    func stored(_ row: [Database.Value]) throws -> StoredJob {
        var job = Job(
            id: String(row[0].integer ?? 0), name: row[3].text ?? "",
            kind: row[4].text.flatMap(JobKind.init) ?? .train, state: row[5].text.flatMap(JobState.init) ?? .failed,
            owner: UInt32(truncatingIfNeeded: row[2].integer ?? 0), priority: Int(row[6].integer ?? 0),
            outputDirectory: row[10].text ?? "", workingDirectory: row[9].text, submittedAt: row[12].text ?? "",
            attempt: Int(row[15].integer ?? 0), notes: try value(row[21]) ?? [])
        job.startedAt = row[13].text
        job.finishedAt = row[14].text
        job.wish = row[17].text.flatMap(JobWish.init)
        job.progress = try value(row[18])
        job.error = try value(row[19])
        job.metrics = try value(row[20])
        job.after = try value(row[22]) ?? []
        job.forkedFrom = row[23].integer.map { String($0) }
        job.checkpoint = try value(row[24])
        job.threads = row[25].integer.map { Int($0) }
        job.memoryBytes = row[26].integer.map { Int($0) }
        job.input = row[27].text
        job.memory = try value(row[29])
        job.matmulPrecision = row[31].text
        var result = StoredJob(
            job: job, config: try value(row[7]) ?? ConfigurationSource(object: [:]), overrides: try value(row[8]) ?? [],
            clientToken: row[1].text, outputPath: row[11].text ?? "")
        result.failures = Int(row[16].integer ?? 0)
        result.lastSequence = row[28].integer ?? 0
        result.inputs = row[30].text
        return result
    }

    @discardableResult
    private func insert(
        _ events: [(JobEvent.Kind, JSONObject)], into id: Int64, after last: Int64, at time: String
    ) throws -> [JobEvent] {
        try events.enumerated().map { index, event in
            let sequence = last + Int64(index) + 1
            try database.run(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
                [
                    .integer(id), .integer(sequence), .text(event.0.rawValue), .text(time),
                    .text(JSONValue.object(event.1).serialized(.compact)),
                ])
            return JobEvent(seq: sequence, kind: event.0, at: time, fields: event.1)
        }
    }

    private func text(_ value: String?) -> Database.Value { value.map { .text($0) } ?? .null }
    private func integer(_ value: Int?) -> Database.Value { value.map { .integer(Int64($0)) } ?? .null }

    private func json(_ value: (some Encodable)?) throws -> Database.Value {
        guard let value else { return .null }
        return .text(try JSONValue(encoding: value).serialized(.compact))
    }

    func value<Value: Decodable>(_ column: Database.Value) throws -> Value? {
        guard let text = column.text else { return nil }
        return try JSONValue(parsing: text).decoded(as: Value.self)
    }

    func translating<Result>(_ body: () throws -> Result) throws(JobStoreError) -> Result {
        try Self.translating(path, body)
    }

    private static func translating<Result>(
        _ path: String, _ body: () throws -> Result
    ) throws(JobStoreError) -> Result {
        do {
            return try body()
        } catch let error as JobStoreError {
            throw error
        } catch let error as Database.Failure where error.isDiskFull || error.isInputOutput {
            let available = FileSystem.availableBytes(at: Path.parent(of: path))
            // Where a file that is mapped cannot grow, SQLite knows only that something failed.
            let isFull = error.isDiskFull || available.map { $0 < 1 << 20 } ?? false
            throw isFull ? .diskFull(error.description, available: available) : .inputOutput(error.description)
        } catch {
            throw .failed("\(error)")
        }
    }
}

extension JobStore {
    /// Whether the store can be written now; nothing is.
    package enum Condition: Equatable, Sendable {
        case writable
        /// Another process holds the lock.
        case locked
        case failed(String)
    }

    package func condition() -> Condition {
        do throws(Database.Failure) {
            try database.execute("BEGIN IMMEDIATE")
            try database.execute("ROLLBACK")
            return .writable
        } catch {
            return error.isLocked ? .locked : .failed(error.description)
        }
    }
}
