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
    /// Of a full disk: what had to be written and what there was room for.
    package var neededBytes: Int?
    package var availableBytes: Int?

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

    enum CodingKeys: String, CodingKey {
        case kind, message, hint, job, field, file, line, column
        case neededBytes = "needed_bytes"
        case availableBytes = "available_bytes"
    }

    package var description: String { message }

    /// The same with what a full disk lacks.
    package func withSpace(needed: Int?, available: Int?) -> ServiceError {
        var error = self
        (error.neededBytes, error.availableBytes) = (needed, available)
        return error
    }

    /// The error as a response carries it; `data` holds everything but the message.
    package var rpcError: RPCError {
        var data = ErrorData(
            kind: kind, hint: hint, job: job, field: field, file: file, line: line, column: column)
        (data.neededBytes, data.availableBytes) = (neededBytes, availableBytes)
        return RPCError(
            code: kind.code, message: message,
            data: (try? JSONValue(encoding: data)) ?? ["kind": .string(kind.rawValue)])
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
        neededBytes = error.data?["needed_bytes"]?.integer.map { Int($0) }
        availableBytes = error.data?["available_bytes"]?.integer.map { Int($0) }
    }
}

/// The `data` of an error response.
package struct ErrorData: Codable, Equatable, Sendable {
    package var kind: ErrorKind
    package var hint: String?
    package var job: String?
    package var field: String?
    package var file: String?
    package var line: Int?
    package var column: Int?
    /// Of a full disk.
    package var neededBytes: Int?
    package var availableBytes: Int?

    enum CodingKeys: String, CodingKey {
        case kind, hint, job, field, file, line, column
        case neededBytes = "needed_bytes"
        case availableBytes = "available_bytes"
    }
}
