import Glibc
import JSONRPC
import LinuxSystem
import ServiceAPI
import StructuredLogging

/// The listening socket and the connections made to it.
final class ConnectionTable {
    let socketPath: String
    private unowned let daemon: Daemon
    private var listener: FileDescriptor?
    /// The entry that this daemon has made, which goes with it.
    private var ownSocket: UnixSocket.SocketFile?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var connectionsOfUser: [UInt32: Int] = [:]
    /// Given up for a moment when the process has no descriptor left, so that waiting clients can be told.
    private var reserve: FileDescriptor?
    private var sweepIsDue = false

    private final class Connection {
        let peer: RPCPeer
        let caller: Caller

        init(peer: RPCPeer, caller: Caller) {
            self.peer = peer
            self.caller = caller
        }
    }

    private var limits: DaemonLimits { daemon.options.limits }

    init(daemon: Daemon) throws {
        self.daemon = daemon
        let inherited = ServiceManager.inheritedSockets()
        if let number = inherited.first {
            UnixSocket.setNonBlocking(number)
            listener = FileDescriptor(owning: number)
            socketPath = daemon.options.socket
        } else {
            socketPath = daemon.options.socket
            let isPrivate = daemon.options.isSocketPrivate
            if isPrivate {
                try FileSystem.createDirectories(Path.parent(of: socketPath), mode: 0o700)
                daemon.logger.notice(
                    "XDG_RUNTIME_DIR is not set, so the socket lies in this user's own folder", ["socket": socketPath])
            }
            // The folder keeps strangers out of a private one; the group may use a system socket.
            listener = try UnixSocket.listen(at: socketPath, mode: isPrivate ? 0o600 : 0o660)
            ownSocket = UnixSocket.SocketFile(socketPath)
        }
        reserve = try? FileDescriptor.open("/dev/null", O_RDONLY)
        try startAccepting()
    }

    private func startAccepting() throws {
        guard let number = listener?.number else { return }
        try daemon.loop.register(number, .read) { [weak self] _ in self?.acceptWaiting() }
    }

    func stopAccepting() {
        if let number = listener?.number { daemon.loop.unregister(number) }
        listener = nil
        ownSocket?.remove()
        ownSocket = nil
    }

    func close() {
        stopAccepting()
        for connection in Array(connections.values) { connection.peer.close() }
    }

    // MARK: Accepting

    private func acceptWaiting() {
        // A bounded number, so that a storm of connections leaves time for those that are there.
        for _ in 0..<32 {
            do {
                guard let number = listener?.number, let descriptor = try UnixSocket.accept(number) else { return }
                try add(descriptor)
            } catch let error as SystemError where error.isOutOfDescriptors {
                turnAwayOne()
                return
            } catch {
                return
            }
        }
    }

    /// Out of descriptors: accepts with the reserved one, tells the client and closes.
    private func turnAwayOne() {
        guard reserve != nil else {
            pauseAccepting()
            return
        }
        reserve = nil
        if let number = listener?.number, let descriptor = try? UnixSocket.accept(number) {
            tell(
                descriptor,
                ServiceError(.busy, "the daemon has no file descriptor left", hint: "try again in a moment"))
        }
        reserve = try? FileDescriptor.open("/dev/null", O_RDONLY)
    }

    /// Even the reserve is gone: a waiting connection would wake the loop again and again.
    private func pauseAccepting() {
        guard let number = listener?.number else { return }
        daemon.loop.unregister(number)
        daemon.loop.after(0.2) { [weak self] in
            guard let self else { return }
            self.reserve = try? FileDescriptor.open("/dev/null", O_RDONLY)
            try? self.startAccepting()
        }
    }

    /// One line to a connection that is about to be closed; it fits the socket's buffer or is lost.
    private func tell(_ descriptor: borrowing FileDescriptor, _ error: ServiceError) {
        _ = try? UnixSocket.send(RPCMessage.failure(id: .null, error.rpcError).line[...], to: descriptor.number)
    }

    private func add(_ descriptor: consuming FileDescriptor) throws {
        let caller = try Caller(connectedTo: descriptor.number)
        guard connectionsOfUser[caller.user, default: 0] < limits.connectionsPerUser else {
            tell(
                descriptor,
                ServiceError(
                    .busy, "\(limits.connectionsPerUser) connections of user \(caller.user) are open",
                    hint: "close some, or raise limits.connections_per_user in finetuned.yaml"))
            return
        }
        let peer = try RPCPeer(descriptor, loop: daemon.loop, limits: limits.connection)
        let connection = Connection(peer: peer, caller: caller)
        let key = ObjectIdentifier(connection)
        connections[key] = connection
        connectionsOfUser[caller.user, default: 0] += 1
        peer.onRequest = { [weak self] request in
            guard let self else { return }
            MethodDispatch.handle(request, caller: caller, daemon: self.daemon)
        }
        peer.onPartial = { [weak self, weak peer] in
            if let peer { self?.keepLimits(of: peer, user: caller.user) }
        }
        peer.onClose = { [weak self] _ in self?.remove(key) }
    }

    private func remove(_ key: ObjectIdentifier) {
        guard let connection = connections.removeValue(forKey: key) else { return }
        let left = connectionsOfUser[connection.caller.user, default: 1] - 1
        connectionsOfUser[connection.caller.user] = left > 0 ? left : nil
    }

    // MARK: Unfinished messages

    private func keepLimits(of peer: RPCPeer, user: UInt32) {
        // Looking through the others pays off only for one that holds more than a buffer's worth.
        if peer.partialBytes > 1 << 16 {
            let total = connections.values.filter { $0.caller.user == user }.reduce(0) { $0 + $1.peer.partialBytes }
            if total > limits.partialBytesPerUser {
                peer.refuse(
                    .busy(
                        "unfinished messages of user \(user) hold more than \(limits.partialBytesPerUser) bytes",
                        hint: "send fewer large messages at a time"))
                return
            }
        }
        if sweepIsDue { return }
        sweepIsDue = true
        daemon.loop.after(1) { [weak self] in self?.sweep() }
    }

    /// Ends connections whose message takes too long.
    private func sweep() {
        sweepIsDue = false
        let now = MonotonicClock.nanoseconds
        let patience = UInt64(limits.messageSeconds) * 1_000_000_000
        var someAreIncomplete = false
        for connection in Array(connections.values) {
            guard let since = connection.peer.incompleteSince else { continue }
            if now - since > patience {
                connection.peer.refuse(
                    ServiceError(
                        .timeOut, "the message was not complete after \(limits.messageSeconds) seconds",
                        hint: "send a message without pauses"
                    ).rpcError)
            } else {
                someAreIncomplete = true
            }
        }
        if someAreIncomplete && !sweepIsDue {
            sweepIsDue = true
            daemon.loop.after(1) { [weak self] in self?.sweep() }
        }
    }
}
