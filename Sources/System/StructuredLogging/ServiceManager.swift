import CSystemd

/// What a service tells systemd, and what systemd hands it. Everything is silent when systemd is not there.
package enum ServiceManager {
    /// Sends a state such as `READY=1` (sd_notify(3)).
    package static func notify(_ state: String) { unsafe sd_notify(0, state) }

    /// Descriptors of sockets that systemd opened for this process (sd_listen_fds(3)).
    package static func inheritedSockets() -> [Int32] {
        let count = sd_listen_fds(1)
        return count > 0 ? (0..<count).map { 3 + $0 } : []
    }

    /// Seconds between two `WATCHDOG=1`, half of what the unit allows; nil without a watchdog.
    package static var watchdogInterval: Double? {
        var microseconds: UInt64 = 0
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
        return Double(microseconds) / 2e6
    }
}
