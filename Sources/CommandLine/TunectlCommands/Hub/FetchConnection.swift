import Glibc
import LinuxSystem

/// Where downloads and uploads are made.
package enum FetchPlace: Equatable, Sendable {
    /// The system service's own unit, which writes into the service's cache.
    case service
    /// `finetuned-fetch` beside this program, started with this user's rights.
    case ownProgram
}

/// Connections to `finetuned-fetch`, the only program with a network.
enum FetchConnection {
    /// The socket beside the daemon's at which systemd starts the service's unit.
    static func socket(besideDaemon path: String) -> String { Path.parent(of: path) + "/fetch.sock" }

    static func open(_ place: FetchPlace, daemonSocket: String, interrupts: Interrupts) throws -> ServiceClient {
        switch place {
        case .service:
            let path = socket(besideDaemon: daemonSocket)
            return ServiceClient(
                transport: try SocketTransport.connect(path: path, patience: 2, interrupts: interrupts),
                peer: "finetuned-fetch")
        case .ownProgram:
            return ServiceClient(transport: try startProgram(interrupts), peer: "finetuned-fetch")
        }
    }

    /// `FINETUNED_FETCH`, else `finetuned-fetch` beside this program. Access tokens stay in its environment, where only
    /// this user sees them.
    private static func startProgram(_ interrupts: Interrupts) throws -> SocketTransport {
        let environment = EnvironmentVariables.allOfProcess
        let program = environment["FINETUNED_FETCH"] ?? FileSystem.programBesideThisOne("finetuned-fetch")
        let (ours, others) = try UnixSocket.pair()
        let theirs = FileDescriptor(owning: others)
        let descriptor = FileDescriptor(owning: ours)
        do {
            let child = try ChildProcess(
                program: program, arguments: [], environment: environment.map { "\($0.key)=\($0.value)" },
                descriptors: [STDIN_FILENO: theirs.number, STDERR_FILENO: STDERR_FILENO])
            return SocketTransport(descriptor: descriptor, interrupts: interrupts, program: child)
        } catch {
            throw CommandFailure(
                kind: "not_found", message: "\(program) cannot be started: \(error)",
                hint: "it is installed beside tunectl; FINETUNED_FETCH names another one")
        }
    }
}
