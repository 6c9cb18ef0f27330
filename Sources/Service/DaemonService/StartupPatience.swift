import Glibc
import LinuxSystem
import StructuredLogging
import Synchronization

/// Asks systemd for more time while the store is being opened and recovered, which blocks the daemon's own thread.
///
/// It stops asking after ten minutes, so that a recovery that hangs is ended all the same.
final class StartupPatience: Sendable {
    private static let interval = 5
    private static let most = 600
    private let isOver = Atomic(false)  // Set once by the daemon's thread, read by the other.

    /// Tells systemd at once and then every five seconds until `end()`.
    static func begin() -> StartupPatience {
        let patience = StartupPatience()
        ServiceManager.notify(.status("recovering the job store"), .extendTimeout(seconds: 3 * interval))
        // Without systemd, or without a thread to spare, nobody would be told.
        guard ServiceManager.isListening else { return patience }
        try? DedicatedThread.start("patience", stackSize: 1 << 18) {
            for second in 1...most {
                sleep(1)
                if patience.isOver.load(ordering: .acquiring) { return }
                if second % interval == 0 { ServiceManager.notify(.extendTimeout(seconds: 3 * interval)) }
            }
        }
        return patience
    }

    func end() { isOver.store(true, ordering: .releasing) }
}
