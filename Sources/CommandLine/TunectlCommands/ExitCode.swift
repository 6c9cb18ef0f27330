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

    /// The code for an error's published kind (docs/protocol.md) before a job was accepted.
    package init(kind: String) {
        self =
            switch kind {
            case "usage", "bad_request", "unknown_method", "invalid_params": .usage
            case "cancelled": .cancelled
            case "bad_data", "bad_model": .badData
            case "not_found": .noInput
            case "unreachable": .unreachable
            case "cannot_create", "disk_full", "output_exists": .cannotCreate
            case "busy", "try_later", "too_many", "oom", "shutting_down", "limit": .tryLater
            case "permission": .permission
            case "bad_config", "not_yet", "refused": .badConfiguration
            case "timeout", "timed_out": .timeOut
            case "interrupted": .interrupted
            default: .internalError
            }
    }
}
