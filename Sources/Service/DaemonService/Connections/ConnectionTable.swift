import Glibc
import JSONRPC
import LinuxSystem
import ServiceAPI
import StructuredLogging

/// Who sent a request, as the kernel says.
struct Caller: Equatable, Sendable {
    var user: UInt32
    var process: Int32

    /// Root and the daemon's own user may act on everybody's jobs.
    var isAdministrator: Bool { user == 0 || user == geteuid() }

    func mayActOn(_ owner: UInt32) -> Bool { user == owner || isAdministrator }
}

/// The listening socket and the connections made to it.
final class ConnectionTable {
    let socketPath: String
    private unowned let daemon: Daemon
    private var listener: FileDescriptor?
    private var ownsSocketFile = false
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var connectionsOfUser: [UInt32: Int] = [:]
    /// Given up for a moment when the process has no descriptor left, so that waiting clients can be told.
    private var reserve: FileDescriptor?

    private final class Connection {
        let peer: RPCPeer
        let caller: Caller

        init(peer: RPCPeer, caller: Caller) {
            self.peer = peer
            self.caller = caller
        }
    }

    init(daemon: Daemon) throws {
        self.daemon = daemon
        let inherited = ServiceManager.inheritedSockets()
        if let number = inherited.first {
            UnixSocket.setNonBlocking(number)
            listener = FileDescriptor(owning: number)
            socketPath = daemon.options.socket
        } else {
            socketPath = daemon.options.socket
            // The socket's folder keeps strangers out of a private one; the group may use a system socket.
            listener = try UnixSocket.listen(at: socketPath, mode: 0o660)
            ownsSocketFile = true
        }
        reserve = try? FileDescriptor.open("/dev/null", O_RDONLY)
        try daemon.loop.register(listener?.number ?? -1, .read) { [weak self] _ in self?.acceptWaiting() }
    }

    func stopAccepting() {
        if let number = listener?.number { daemon.loop.unregister(number) }
        listener = nil
        if ownsSocketFile { unlink(socketPath) }
        ownsSocketFile = false
    }

    func close() {
        stopAccepting()
        for connection in Array(connections.values) { connection.peer.close() }
    }

    private func acceptWaiting() {
        for _ in 0..<64 {
            do {
                guard let number = listener?.number, let descriptor = try UnixSocket.accept(number) else { return }
                try add(descriptor)
            } catch let error as SystemError where error.code == EMFILE || error.code == ENFILE {
                turnAwayOne()
                return
            } catch {
                return
            }
        }
    }

    /// Out of descriptors: accepts with the reserved one and closes, so that the client sees an end and not silence.
    private func turnAwayOne() {
        reserve = nil
        if let number = listener?.number { _ = try? UnixSocket.accept(number) }
        reserve = try? FileDescriptor.open("/dev/null", O_RDONLY)
    }

    private func add(_ descriptor: consuming FileDescriptor) throws {
        let credentials = try UnixSocket.peer(of: descriptor.number)
        let caller = Caller(user: credentials.user, process: credentials.process)
        guard connectionsOfUser[caller.user, default: 0] < daemon.options.limits.connectionsPerUser else {
            let error = ServiceError(
                .busy, "\(daemon.options.limits.connectionsPerUser) connections of user \(caller.user) are open",
                hint: "close some, or raise limits.connections_per_user in finetuned.yaml")
            try? descriptor.writeAll(RPCMessage.failure(id: .null, error.rpcError).line)
            return
        }
        let peer = try RPCPeer(descriptor, loop: daemon.loop)
        let connection = Connection(peer: peer, caller: caller)
        let key = ObjectIdentifier(connection)
        connections[key] = connection
        connectionsOfUser[caller.user, default: 0] += 1
        peer.onRequest = { [weak self] request in
            guard let self else { return }
            MethodDispatch.handle(request, caller: caller, daemon: self.daemon)
        }
        peer.onClose = { [weak self] _ in
            self?.connections[key] = nil
            self?.connectionsOfUser[caller.user, default: 1] -= 1
        }
    }
}
