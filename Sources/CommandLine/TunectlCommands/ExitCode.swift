import ServiceAPI

/// What the program ends with (contracts, tunectl); the numbers of sysexits.h where it has one.
package enum ExitCode: Int32, Sendable, Comparable {
    case success = 0
    /// A job was accepted and failed.
    case jobFailed = 1
    case usage = 2
    case cancelled = 3
    case badData = 65
    case noInput = 66
    case unreachable = 69
    case internalError = 70
    case cannotCreate = 73
    case tryLater = 75
    case permission = 77
    case badConfiguration = 78
    case timeOut = 124
    case interrupted = 130

    package static func < (left: ExitCode, right: ExitCode) -> Bool {
        left.rawValue < right.rawValue
    }

    /// The code for an error's kind before a job was accepted: one of docs/protocol.md, or one of the client's own.
    package init(kind: String) {
        if let kind = ErrorKind(rawValue: kind) {
            self.init(kind)
            return
        }
        self =
            switch kind {
            case "usage": .usage
            case "unreachable": .unreachable
            case "interrupted": .interrupted
            default: .internalError
            }
    }

    /// The published number; one that this client does not know is a defect.
    private init(_ kind: ErrorKind) { self = ExitCode(rawValue: kind.exitStatus) ?? .internalError }
}
