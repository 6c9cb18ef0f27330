import Glibc
import LinuxSystem

/// How the memory of workers is bounded: by control groups where this daemon was given a subtree with the memory
/// controller, else by the supervisor's own watch alone.
struct MemoryControl {
    let groups: ControlGroups?
    /// Why there are no groups.
    let reason: String?

    /// `FINETUNED_SYSTEM_ROOT` says where `/proc` and `/sys` lie, for tests of machines that are not this one.
    init() {
        let root = unsafe getenv("FINETUNED_SYSTEM_ROOT").map { unsafe String(cString: $0) }
        do throws(ControlGroups.Unavailable) {
            groups = try ControlGroups(below: root ?? "")
            reason = nil
        } catch {
            groups = nil
            reason = error.description
        }
    }

    /// `cgroup` or `watch`.
    var name: String { groups == nil ? "watch" : "cgroup" }
}
