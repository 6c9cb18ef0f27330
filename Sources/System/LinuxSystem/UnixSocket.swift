import CLinuxShims
import Glibc

/// Stream sockets in the file system, and pairs of connected ones.
package enum UnixSocket {
    /// sun_path has 108 bytes, the last of which is the terminator.
    package static let longestPath = 107

    package struct PathTooLong: Error, Equatable, CustomStringConvertible {
        package let path: String
        package var description: String {
            "socket path of \(path.utf8.count) bytes: Linux allows \(UnixSocket.longestPath); choose a shorter one "
                + "with --socket or FINETUNED_SOCKET (\(path))"
        }
    }

    package struct PeerCredentials: Equatable, Sendable {
        package let process: Int32
        package let user: UInt32
        package let group: UInt32

        package init(process: Int32, user: UInt32, group: UInt32) {
            self.process = process
            self.user = user
            self.group = group
        }
    }

    /// Connects, blocking.
    package static func connect(to path: String) throws -> FileDescriptor {
        let descriptor = try makeSocket()
        try withAddress(path) { address, length in
            _ = try checking("connect", path) { unsafe Int(Glibc.connect(descriptor.number, address, length)) }
        }
        return descriptor
    }

    /// Listens at `path`. A socket of this user that a process which is gone has left behind is replaced.
    ///
    /// - Throws: `Occupied` for everything else that is there, `SystemError` with EADDRINUSE where somebody listens
    package static func listen(at path: String, backlog: Int32 = 512, mode: UInt32) throws -> FileDescriptor {
        if let file = try SocketFile(replaceable: path) {
            do {
                _ = try connect(to: path)
                throw SystemError("bind", path, code: EADDRINUSE)
            } catch let error as SystemError where error.code == ECONNREFUSED {
                file.remove()
            }
        }
        let descriptor = try makeSocket(SOCK_NONBLOCK)
        let previous = umask(~mode & 0o777)
        defer { umask(previous) }
        try withAddress(path) { address, length in
            _ = try checking("bind", path) { unsafe Int(Glibc.bind(descriptor.number, address, length)) }
        }
        try checking("listen", path) { Int(Glibc.listen(descriptor.number, backlog)) }
        return descriptor
    }

    /// The next waiting connection, non-blocking, or nil when there is none.
    package static func accept(_ listener: Int32) throws(SystemError) -> FileDescriptor? {
        let number = linux_accept(listener)
        if number >= 0 { return FileDescriptor(owning: number) }
        if errno == EAGAIN || errno == EINTR || errno == ECONNABORTED { return nil }
        throw SystemError("accept")
    }

    /// Two connected sockets.
    package static func pair() throws(SystemError) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try checking("socketpair") { unsafe Int(socketpair(AF_UNIX, type, 0, &ends)) }
        return (ends[0], ends[1])
    }

    package static func peer(of descriptor: Int32) throws(SystemError) -> PeerCredentials {
        var process: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
        try checking("getsockopt") { unsafe Int(linux_peer_credentials(descriptor, &process, &user, &group)) }
        return PeerCredentials(process: process, user: user, group: group)
    }

    /// All groups of the process at the other end when it connected; empty where the kernel does not tell.
    package static func groupsOfPeer(_ descriptor: Int32) -> [UInt32] {
        var groups = [gid_t](repeating: 0, count: 1024)
        let count = unsafe linux_peer_groups(descriptor, &groups, groups.count)
        return count > 0 ? Array(groups[..<Int(count)]) : []
    }

    package static func setNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    private static func makeSocket(_ flags: __socket_type = __socket_type(0)) throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(flags.rawValue)
        return FileDescriptor(owning: Int32(try checking("socket") { Int(socket(AF_UNIX, type, 0)) }))
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void) throws
    {
        guard path.utf8.count <= longestPath else { throw PathTooLong(path: path) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        try unsafe withUnsafePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

extension UnixSocket {
    package enum Received: Equatable {
        case bytes([UInt8], descriptors: [Int32])
        case wouldBlock
        case closed
    }

    /// Receives what is there, with up to 64 descriptors, which the caller then owns.
    package static func receive(from descriptor: Int32, atMost limit: Int = 65536) throws(SystemError) -> Received {
        var buffer = [UInt8](repeating: 0, count: limit)
        var descriptors = [Int32](repeating: -1, count: 64)
        while true {
            var descriptorCount = descriptors.count
            let count = unsafe linux_receive_with_descriptors(
                descriptor, &buffer, limit, &descriptors, &descriptorCount)
            if count > 0 {
                return .bytes(Array(buffer[..<count]), descriptors: Array(descriptors[..<descriptorCount]))
            }
            if count == 0 { return .closed }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case ECONNRESET: return .closed
            default: throw SystemError("recvmsg")
            }
        }
    }

    /// Sends as much as fits now; nil when nothing does.
    package static func send(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, passing descriptors: [Int32] = []
    ) throws(SystemError) -> Int? {
        while true {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe linux_send_with_descriptors(
                    descriptor, base, buffer.count, descriptors, descriptors.count)
            }
            if count >= 0 { return count }
            if errno == EAGAIN { return nil }
            if errno != EINTR { throw SystemError("sendmsg") }
        }
    }
}
