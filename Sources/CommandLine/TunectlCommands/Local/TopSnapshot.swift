import Glibc
import JSONDocuments
import ServiceAPI

/// What `top` shows at one moment.
struct TopSnapshot {
    /// So many ended jobs are shown below those that are under way.
    private static let endedShown = 5

    let at: String
    let info: JSONValue
    /// Running ones first, then those that wait in the order of their priority, then the latest that ended.
    let jobs: [JSONValue]
    let models: [JSONValue]
    let machine: MachineLoad

    init(_ context: CommandContext) throws {
        let client = try context.client()
        info = try client.call(SystemInfo.self, Nothing())
        let active = try Jobs.fetch(context, states: JobState.allCases.filter { !$0.isFinal }).map(\.value)
        let ended = try client.call(
            JobList.self,
            JobList.Parameters(states: JobState.allCases.filter(\.isFinal), limit: Self.endedShown))
        jobs = Self.sorted(active) + (ended["jobs"]?.array ?? [])
        models = try client.call(ModelList.self, Nothing())["models"]?.array ?? []
        machine = MachineLoad.now()
        at = Self.now()
    }

    init(at: String, info: JSONValue, jobs: [JSONValue], models: [JSONValue], machine: MachineLoad) {
        self.at = at
        self.info = info
        self.jobs = jobs
        self.models = models
        self.machine = machine
    }

    /// The service lists the newest first; what waits starts by priority, then by age.
    private static func sorted(_ jobs: [JSONValue]) -> [JSONValue] {
        let order: [String?] = ["running", "waiting", "queued", "paused"]
        let ranked = jobs.reversed().enumerated().map { age, job in
            let state = order.firstIndex(of: job["state"]?.string) ?? order.count
            return (job: job, state: state, urgency: -(job["priority"]?.integer ?? 0), age: age)
        }
        return ranked.sorted { ($0.state, $0.urgency, $0.age) < ($1.state, $1.urgency, $1.age) }.map(\.job)
    }

    var json: JSONValue {
        [
            "at": .string(at), "service": info, "machine": machine.json, "jobs": .array(jobs),
            "models": .array(models),
        ]
    }

    /// Now, in ISO 8601, UTC.
    private static func now() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Memory and cores of this machine, which is the daemon's, for they share a socket file.
struct MachineLoad: Equatable {
    var memoryBytes: Int64?
    var availableBytes: Int64?
    /// Threads that ran or wanted to, averaged over the last minute.
    var load: Double?

    static func now() -> MachineLoad {
        var machine = MachineLoad()
        for line in ((try? InputFile.text("/proc/meminfo")) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int64(words[1]) else { continue }
            if words[0] == "MemTotal:" { machine.memoryBytes = kibibytes * 1024 }
            if words[0] == "MemAvailable:" { machine.availableBytes = kibibytes * 1024 }
        }
        machine.load = (try? InputFile.text("/proc/loadavg"))?.split(separator: " ").first.flatMap { Double($0) }
        return machine
    }

    var json: JSONValue {
        [
            "memory_bytes": memoryBytes.map(JSONValue.integer) ?? .null,
            "available_bytes": availableBytes.map(JSONValue.integer) ?? .null,
            "load": load.map(JSONValue.number) ?? .null,
        ]
    }
}
