package import LinuxSystem

/// What a worker may hold, and how that is enforced: by the supervisor's own watch of its anonymous memory and, where there
/// is one, by the control group that the worker is put into.
package struct WorkerMemory {
    /// Most bytes of memory of its own (`RssAnon`).
    package var limit: Int?
    /// The setting to raise when the limit is too low.
    package var setting = "limits.worker_memory"
    /// What its plan says it will hold at most, for the text of an error.
    package var plannedPeak: Int?
    /// The group, with its bound written.
    package var group: ControlGroup?

    package init(limit: Int? = nil) { self.limit = limit }

    static func text(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }

    var plan: String { plannedPeak.map { ", its plan said \(Self.text($0))" } ?? "" }
}
