import Glibc
import JSONRPC
import JobStore
import LinuxSystem
import ServiceAPI
import StructuredLogging

/// The settings of `finetuned.yaml` as they are in force; `DaemonSetting.all` documents each.
///
/// Whoever obeys one of them reads it at the moment of use and gets the new ones at a reload.
package struct DaemonLimits: Sendable {
    var connectionsPerUser = 256
    var messageBytes = 16 << 20
    /// From a message's first byte to its last.
    var messageSeconds = 30
    var outgoingBytes = 1 << 20
    var partialBytesPerUser = 64 << 20
    var runningJobs = 1
    var residentModels = 4
    /// As the file has it, 0 for three quarters of the machine's memory.
    var modelMemoryBytes = 0
    var requestsPerModel = 64
    /// In seconds, `DaemonSetting.forever` for no end.
    var keepAliveSeconds = 1800
    /// Threads of one worker, 0 for one per processor.
    var workerThreads = 0
    /// As the file has it, 0 for no bound.
    var workerMemoryBytes = 0
    /// Ended jobs that are kept, the newest; 0 for all.
    var retainedJobs = 10_000
    /// How long an ended job is kept; 0 for ever.
    var retainedSeconds = 0
    /// What a worker's log may take on the disk; 0 for no bound.
    var workerLogBytes = 64 << 20
    /// As the file has it, 0 for a share of what there is.
    var memoryBytes = 0
    /// Percent that a job may hold above its plan.
    var planMargin = 20
    var logLevel = Int(Logger.Level.info.rawValue)

    package init() {}

    /// Most anonymous memory of one worker, in bytes; nil for no bound of our own.
    var workerMemory: Int? { workerMemoryBytes == 0 ? nil : workerMemoryBytes }

    /// Which ended jobs are kept.
    var retention: RetentionRule {
        RetentionRule(
            finalJobs: retainedJobs == 0 ? nil : retainedJobs, seconds: retainedSeconds == 0 ? nil : retainedSeconds)
    }

    /// Most bytes of all resident models together, mapped weights included.
    var modelMemory: Int {
        modelMemoryBytes > 0
            ? modelMemoryBytes : sysconf(Int32(_SC_PHYS_PAGES)) / 4 * 3 * sysconf(Int32(_SC_PAGESIZE))
    }

    /// How long a model stays after its last use.
    var keepAlive: KeepAlive {
        keepAliveSeconds == DaemonSetting.forever ? .forever : .seconds(Double(keepAliveSeconds))
    }

    /// What jobs and models may hold together, in bytes.
    var memoryBudget: Int { memoryBytes > 0 ? memoryBytes : MachineMemory.present.usable / 100 * 85 }

    /// What a job may hold only to be faster: another one's worth of memory is left to others and to models.
    var memoryShare: Int { min(memoryBudget / (runningJobs + 1), workerMemory ?? .max) }

    /// What one connection may ask for.
    var connection: RPCLimits {
        var limits = RPCLimits()
        limits.messageBytes = messageBytes
        limits.outgoingBytes = outgoingBytes
        limits.congestedBytes = 64 << 10
        return limits
    }

    /// The numbers below `limits`, under the names that the file has, and those that are fixed, for `system.info`.
    package var published: [String: Int] {
        let limits = DaemonSetting.all.filter { $0.section == "limits" }
        let connection = connection
        let fixed = [
            "batch": connection.batch, "depth": connection.depth, "descriptors": connection.descriptors,
            "in_flight": connection.inFlight,
        ]
        return Dictionary(uniqueKeysWithValues: limits.map { ($0.key, self[keyPath: $0.path]) })
            .merging(fixed) { $1 }
    }

    /// Every setting as the file would have it.
    package var described: [String: String] {
        Dictionary(uniqueKeysWithValues: DaemonSetting.all.map { ($0.name, $0.form.text(of: self[keyPath: $0.path])) })
    }
}
