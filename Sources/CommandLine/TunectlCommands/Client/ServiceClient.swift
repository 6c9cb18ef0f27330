package import JSONDocuments
package import ServiceAPI

/// A JSON-RPC 2.0 client that makes one call at a time.
package final class ServiceClient {
    /// A notification that belongs to the call under way.
    package struct Notification: Sendable {
        package let method: String
        package let params: JSONValue
    }

    /// What to do when the user presses Ctrl-C during a call.
    package enum OnInterrupt: Sendable {
        /// Leave at once; the connection's end frees what the call held.
        case leave
        /// Ask the service to cancel the call and wait for its answer.
        case cancelCall
    }

    private let transport: any ServiceTransport
    /// Who is at the other end, for messages.
    private let peer: String
    private var lastID: Int64 = 0

    var mayBeOfAnotherUser: Bool { transport.mayBeOfAnotherUser }

    package init(transport: any ServiceTransport, peer: String = "the daemon") {
        self.transport = transport
        self.peer = peer
    }

    /// Calls `method` and returns its result.
    ///
    /// - Throws: `CommandFailure` with the service's kind when it answers with an error.
    @discardableResult
    package func call(
        _ method: String, _ params: JSONValue, passing descriptors: [Int32] = [], onInterrupt: OnInterrupt = .leave,
        onNotification: (Notification) throws -> Void = { _ in }
    ) throws -> JSONValue {
        lastID += 1
        let id = lastID
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": params,
        ]
        try transport.send(request.serialized(.compact), passing: descriptors)
        var isCancelling = false
        while true {
            switch try transport.receive(timeout: nil) {
            case .interrupted:
                guard onInterrupt == .cancelCall, !isCancelling else { throw CommandFailure.interrupted }
                isCancelling = true
                let cancellation: JSONValue = [
                    "jsonrpc": "2.0", "method": "$/cancelRequest", "params": ["id": .integer(id)],
                ]
                try transport.send(cancellation.serialized(.compact))
            case .timedOut: continue
            case .closed:
                throw CommandFailure(
                    kind: "unreachable", message: "\(peer) closed the connection during \(method)",
                    hint: "look at its log, then try again")
            case .line(let line):
                let message = try Self.message(line)
                if let name = message["method"]?.string {
                    let params = message["params"] ?? .null
                    // Notifications of earlier calls may still be under way.
                    if let request = params["request"]?.integer, request != id { continue }
                    try onNotification(Notification(method: name, params: params))
                } else if message["id"]?.integer == id {
                    if let error = message["error"] { throw Self.failure(error) }
                    return message["result"] ?? .null
                } else if let error = message["error"], message["id"]?.isNull ?? true {
                    throw Self.failure(error)
                }
            }
        }
    }

    /// Calls a method of the protocol with its own parameters; the result stays JSON, for it is often printed as is.
    @discardableResult
    package func call<Method: ServiceMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters, passing descriptors: [Int32] = [],
        onInterrupt: OnInterrupt = .leave,
        onNotification: (Notification) throws -> Void = { _ in }
    ) throws -> JSONValue {
        try call(
            Method.name, JSONValue(encoding: parameters), passing: descriptors, onInterrupt: onInterrupt,
            onNotification: onNotification)
    }

    private static func message(_ line: String) throws -> JSONValue {
        do {
            return try JSONValue(parsing: line)
        } catch {
            throw CommandFailure(
                kind: "internal", message: "the daemon sent a line that is not JSON: \(error)",
                hint: "is another program listening on this socket?")
        }
    }

    /// A JSON-RPC error object as a failure.
    static func failure(_ error: JSONValue) -> CommandFailure {
        let data = error["data"]
        let kind = data?["kind"]?.string ?? Self.kind(ofCode: error["code"]?.integer ?? 0).rawValue
        return CommandFailure(
            kind: kind, message: error["message"]?.string ?? "the service gave no reason",
            hint: data?["hint"]?.string, details: data?.object ?? JSONObject())
    }

    /// The kind of an error that carries none: a defect, or one of the protocol's own codes.
    private static func kind(ofCode code: Int64) -> ErrorKind {
        switch code {
        case -32600, -32601: .badRequest
        default: ErrorKind.allCases.first { $0.code == code } ?? .internalError
        }
    }
}
