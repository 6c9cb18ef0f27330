import JSONDocuments
package import JSONRPC

/// A failure as clients see it: a stable kind, a message for people, and where to look.
package struct ServiceError: Error, Codable, Equatable, Sendable, CustomStringConvertible {
    package var kind: ErrorKind
    package var message: String
    package var hint: String?
    package var job: String?
    package var field: String?
    package var file: String?
    package var line: Int?
    package var column: Int?

    package init(
        _ kind: ErrorKind, _ message: String, hint: String? = nil, job: String? = nil, field: String? = nil,
        file: String? = nil, line: Int? = nil, column: Int? = nil
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.job = job
        self.field = field
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { message }

    /// The error as a response carries it; `data` holds everything but the message.
    package var rpcError: RPCError {
        var data = (try? JSONValue(encoding: self))?.object ?? ["kind": .string(kind.rawValue)]
        data["message"] = nil
        return RPCError(code: kind.code, message: message, data: .object(data))
    }

    /// The error that a response carried; a peer without `kind` in its data gives one by its code.
    package init(_ error: RPCError) {
        let kind =
            error.data?["kind"]?.string.flatMap(ErrorKind.init)
            ?? (ErrorKind.allCases.first { $0.code == error.code } ?? .internalError)
        self.init(
            kind, error.message, hint: error.data?["hint"]?.string, job: error.data?["job"]?.string,
            field: error.data?["field"]?.string, file: error.data?["file"]?.string,
            line: error.data?["line"]?.integer.map { Int($0) }, column: error.data?["column"]?.integer.map { Int($0) })
    }
}
