import CSystemd
import Glibc
import LinuxSystem

/// What a service tells systemd, and what systemd hands it. Everything is silent when systemd is not there.
package enum ServiceManager {
    /// One thing to tell, as sd_notify(3) names them.
    package enum State: Equatable, Sendable {
        case ready
        case reloading
        case stopping
        /// One line for people.
        case status(String)
        case failed(code: Int32)
        /// The watchdog may wait again.
        case alive
        /// The watchdog is to act at once: something is broken inside.
        case faulty
        /// Starting, reloading or stopping takes longer; this much more from now on.
        case extendTimeout(seconds: Int)

        package var message: String {
            switch self {
            case .ready: "READY=1"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.nanoseconds / 1000)"
            case .stopping: "STOPPING=1"
            case .status(let line): "STATUS=" + line.replacing("\n", with: " ")
            case .failed(let code): "ERRNO=\(code)"
            case .alive: "WATCHDOG=1"
            case .faulty: "WATCHDOG=trigger"
            case .extendTimeout(let seconds): "EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)"
            }
        }
    }

    /// Sends `states` as one message.
    package static func notify(_ states: State...) {
        _ = unsafe sd_notify(0, states.map(\.message).joined(separator: "\n"))
    }

    /// Whether anybody reads what `notify` sends.
    package static var isListening: Bool { unsafe getenv("NOTIFY_SOCKET") != nil }

    /// Seconds between two pings of the watchdog, half of what the unit allows; nil without a watchdog.
    package static var watchdogInterval: Double? {
        var microseconds: UInt64 = 0
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
        return Double(microseconds) / 2e6
    }

    // MARK: Socket activation

    /// A descriptor that systemd opened for this process, under the name that its unit gives it.
    package struct InheritedDescriptor: Equatable, Sendable {
        package let name: String
        package let number: Int32
    }

    /// The name of the socket for JSON-RPC, `FileDescriptorName=` in finetuned.socket.
    package static let rpcSocketName = "rpc"

    /// The listening sockets for JSON-RPC: the one that has this name, or else all of them.
    package static func inheritedSockets() -> [Int32] {
        let usable = inherited.filter {
            sd_is_socket_unix($0.number, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0
        }
        let named = usable.filter { $0.name == rpcSocketName }
        return (named.isEmpty ? usable : named).map(\.number)
    }

    /// Everything that was handed over (sd_listen_fds_with_names(3)), which can be asked for only once.
    package static let inherited: [InheritedDescriptor] = {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        defer { unsafe free(names) }
        guard count > 0 else { return [] }
        return (0..<count).map { index in
            let name = unsafe names?[Int(index)]
            defer { unsafe free(name) }
            return InheritedDescriptor(name: unsafe name.map { unsafe String(cString: $0) } ?? "", number: 3 + index)
        }
    }()
}
