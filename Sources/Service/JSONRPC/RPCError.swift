package import JSONDocuments

/// The `error` member of a response (JSON-RPC 2.0, section 5.1).
package struct RPCError: Error, Equatable, Sendable, CustomStringConvertible {
    package var code: Int64
    package var message: String
    package var data: JSONValue?

    package init(code: Int64, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    package static func parse(_ reason: String) -> RPCError {
        RPCError(code: -32700, message: "Parse error: \(reason)", data: badRequest)
    }
    package static func invalidRequest(_ reason: String) -> RPCError {
        RPCError(code: -32600, message: "Invalid Request: \(reason)", data: badRequest)
    }
    package static func methodNotFound(_ method: String) -> RPCError {
        RPCError(
            code: -32601, message: "Method not found: \(method)",
            data: ["kind": "bad_request", "hint": "rpc.discover lists the methods"])
    }
    package static func invalidParameters(_ reason: String) -> RPCError {
        RPCError(code: -32602, message: "Invalid params: \(reason)", data: badRequest)
    }
    package static func `internal`(_ reason: String) -> RPCError {
        RPCError(code: -32603, message: "Internal error: \(reason)", data: ["kind": "internal"])
    }
    /// The Language Server Protocol's code for a request that its sender cancelled.
    package static let cancelled = RPCError(
        code: -32800, message: "Request cancelled", data: ["kind": "cancelled"])
    /// A limit is reached.
    package static func busy(_ reason: String, hint: String) -> RPCError {
        RPCError(code: 1004, message: reason, data: ["kind": "busy", "hint": .string(hint)])
    }

    private static var badRequest: JSONValue { ["kind": "bad_request"] }

    package var description: String { "\(message) (\(code))" }

    package var value: JSONValue {
        var object: JSONObject = ["code": .integer(code), "message": .string(message)]
        if let data { object["data"] = data }
        return .object(object)
    }

    package init?(_ value: JSONValue) {
        guard let code = value["code"]?.integer, let message = value["message"]?.string else { return nil }
        self.init(code: code, message: message, data: value["data"])
    }
}
