import Glibc
import Synchronization

/// Places at which a test lets this process die as if the power had gone.
///
/// `FINETUNED_FAILPOINT=name:count` kills the process at the `count`-th time that `name` is reached. The name
/// `checkpoint` stands for every point of a checkpoint, `export` for those of an export. `name:count:FILE` does so only while FILE does not exist, and makes it: the
/// processes that follow live. Without the variable nothing happens.
package enum Failpoint: String, CaseIterable, Sendable {
    case checkpointWrite = "checkpoint.write"
    case checkpointFileSync = "checkpoint.fsync"
    case checkpointManifest = "checkpoint.manifest"
    case checkpointFolderSync = "checkpoint.folder-fsync"
    case checkpointRename = "checkpoint.rename"
    case checkpointParentSync = "checkpoint.parent-fsync"
    case checkpointPrune = "checkpoint.prune"
    case exportWrite = "export.write"
    case exportNote = "export.note"
    case exportMove = "export.move"

    package static let variable = "FINETUNED_FAILPOINT"
    package static let everyName = "checkpoint"

    private static let plan: (name: String, count: Int, once: String?)? = getenv(variable).flatMap {
        parse(String(cString: $0))
    }
    private static let reached = Mutex<Int>(0)

    static func parse(_ text: String) -> (name: String, count: Int, once: String?)? {
        let parts = text.split(separator: ":", maxSplits: 2)
        guard parts.count >= 2, let count = Int(parts[1]), count > 0 else { return nil }
        return (String(parts[0]), count, parts.count == 3 ? String(parts[2]) : nil)
    }

    /// Marks that the step named by this point has just been done.
    package func pass() {
        guard let plan = Self.plan, plan.name == rawValue || rawValue.hasPrefix(plan.name + ".") else { return }
        let count = Self.reached.withLock { reached in
            reached += 1
            return reached
        }
        guard count == plan.count else { return }
        if let once = plan.once, open(once, O_CREAT | O_EXCL | O_CLOEXEC, 0o600) < 0 { return }
        kill(getpid(), SIGKILL)
    }
}
