import Foundation

/// A plain JSON-RPC connection to a daemon, one call at a time, as any program could make it.
package final class ServiceConnection {
    package typealias Object = [String: Any]

    package struct Failure: Error, CustomStringConvertible {
        package let kind: String
        package let message: String
        package let availableBytes: Int?
        package var description: String { "\(kind): \(message)" }
    }

    /// The connection ended before the answer.
    package struct Closed: Error {
        package init() {}
    }

    private let descriptor: Int32
    private var buffer = Data()
    private var lastID = 0
    /// Gets every notification that comes while a call waits for its answer.
    package var onNotification: (String, Object) -> Void = { _, _ in }

    /// - Parameter patience: seconds after which a daemon that says nothing counts as one that has closed
    package init(_ socketPath: String, patience: Int = 600) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var time = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(socketPath.utf8)) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // What was begun is ended by `deinit`, here too.
        if code != 0 { throw Closed() }
    }

    deinit { Glibc.close(descriptor) }

    /// Ends the connection although an answer may be on its way.
    package func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Sends a request without waiting for its answer.
    @discardableResult
    package func send(_ method: String, _ parameters: Object) throws -> Int {
        lastID += 1
        try write(["jsonrpc": "2.0", "id": lastID, "method": method, "params": parameters])
        return lastID
    }

    /// Sends what has no answer.
    package func notify(_ method: String, _ parameters: Object) throws {
        try write(["jsonrpc": "2.0", "method": method, "params": parameters])
    }

    private func write(_ object: Object) throws {
        var message = try JSONSerialization.data(withJSONObject: object)
        message.append(10)
        let sent = message.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent != message.count { throw Closed() }
    }

    /// The result, as an object.
    @discardableResult
    package func call(_ method: String, _ parameters: Object) throws -> Object {
        let id = try send(method, parameters)
        while true {
            let message = try receive()
            if let name = message["method"] as? String {
                onNotification(name, message["params"] as? Object ?? [:])
            } else if message["id"] as? Int == id {
                if let error = message["error"] as? Object {
                    let data = error["data"] as? Object ?? [:]
                    throw Failure(
                        kind: data["kind"] as? String ?? "", message: error["message"] as? String ?? "",
                        availableBytes: data["available_bytes"] as? Int)
                }
                return message["result"] as? Object ?? [:]
            }
        }
    }

    package func receive() throws -> Object {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = buffer[buffer.startIndex..<end]
                let object = try JSONSerialization.jsonObject(with: line) as? Object ?? [:]
                buffer = Data(buffer[(end + 1)...])
                return object
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { throw Closed() }
            buffer.append(contentsOf: chunk[..<count])
        }
    }
}
