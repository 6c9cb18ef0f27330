/// A bound that the daemon keeps, as `system.info` and docs/protocol.md tell it.
package struct ServiceLimit: Equatable, Sendable {
    /// The name in `system.info`, and below `limits` in finetuned.yaml where it may be set.
    package var name: String
    package var standard: Int
    /// Whether finetuned.yaml may set it.
    package var isSetting: Bool
    package var summary: String

    package init(_ name: String, _ standard: Int, isSetting: Bool = true, _ summary: String) {
        self.name = name
        self.standard = standard
        self.isSetting = isSetting
        self.summary = summary
    }

    /// Every limit, sorted by name.
    package static let all: [ServiceLimit] = [
        ServiceLimit("batch", 100, isSetting: false, "messages in one batch"),
        ServiceLimit("connections_per_user", 256, "connections of one user at a time; more are answered `busy`"),
        ServiceLimit("depth", 128, isSetting: false, "levels of nested arrays and objects in a message"),
        ServiceLimit("descriptors", 64, isSetting: false, "descriptors that wait for the request they belong to"),
        ServiceLimit(
            "in_flight", 64, isSetting: false, "unanswered requests of a connection; more are answered `busy`"),
        ServiceLimit("memory", 0, "bytes that jobs and models may hold together, 0 for 85 % of what there is"),
        ServiceLimit("message_bytes", 16 << 20, "bytes of one message; a longer one ends the connection"),
        ServiceLimit(
            "message_seconds", 30, "seconds from a message's first byte to its last; a slower one ends the connection"),
        ServiceLimit(
            "outgoing_bytes", 1 << 20,
            "bytes that wait for a client to read; it is cut off when there are more and another message is due"),
        ServiceLimit(
            "partial_bytes_per_user", 64 << 20,
            "bytes of unfinished messages of all connections of one user; the connection that exceeds it ends"),
        ServiceLimit("keep_alive", 1800, "seconds that a model stays after its last use, -1 for ever"),
        ServiceLimit(
            "model_memory", 0, "bytes of all resident models together, 0 for three quarters of the machine's memory"),
        ServiceLimit("plan_margin", 20, "percent that a job may hold above its memory plan, and 128 MiB"),
        ServiceLimit("requests_per_model", 64, "requests that wait for one model; more are answered `busy`"),
        ServiceLimit("resident_models", 4, "models that workers hold at a time"),
        ServiceLimit("running_jobs", 1, "jobs that run at a time"),
        ServiceLimit("worker_memory", 0, "bytes of anonymous memory of one worker, 0 for no bound"),
        ServiceLimit("worker_threads", 0, "threads of one worker, 0 for one per processor"),
    ].sorted { $0.name < $1.name }
}
