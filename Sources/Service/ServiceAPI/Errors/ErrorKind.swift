/// Every kind of failure that a client can see. The names are stable; docs/protocol.md explains each.
package enum ErrorKind: String, CaseIterable, Codable, Sendable {
    case badConfig = "bad_config"
    case badData = "bad_data"
    case badModel = "bad_model"
    case badRequest = "bad_request"
    case busy
    case cancelled
    case conflict
    case dependencyFailed = "dependency_failed"
    case diskFull = "disk_full"
    case inputOutput = "io"
    case internalError = "internal"
    case network
    case notAvailable = "not_available"
    case notFinite = "not_finite"
    case notFound = "not_found"
    case outOfMemory = "oom"
    case permission
    case shuttingDown = "shutting_down"
    case timeOut = "timeout"
    case workerCrashed = "worker_crashed"

    /// The JSON-RPC code, outside the range that the specification reserves.
    package var code: Int64 {
        switch self {
        case .badConfig: 1001
        case .badData: 1002
        case .badModel: 1003
        case .badRequest: -32602
        case .busy: 1004
        case .cancelled: -32800
        case .conflict: 1005
        case .diskFull: 1006
        case .inputOutput: 1016
        case .internalError: -32603
        case .notAvailable: 1007
        case .notFinite: 1008
        case .notFound: 1009
        case .outOfMemory: 1010
        case .permission: 1011
        case .shuttingDown: 1012
        case .timeOut: 1013
        case .workerCrashed: 1014
        case .network: 1017
        case .dependencyFailed: 1015
        }
    }

    /// Whether the same job may succeed when it is simply run again.
    package var isTransient: Bool {
        switch self {
        case .busy, .shuttingDown, .workerCrashed: true
        default: false
        }
    }

    /// What `tunectl` exits with when a request or a job that was not accepted ends so.
    package var exitStatus: Int32 {
        switch self {
        case .badRequest: 2
        case .cancelled: 3
        case .badData, .badModel: 65
        case .notFound: 66
        case .network: 69
        case .dependencyFailed, .inputOutput, .internalError, .notFinite, .workerCrashed: 70
        case .conflict, .diskFull: 73
        case .busy, .outOfMemory, .shuttingDown: 75
        case .permission: 77
        case .badConfig, .notAvailable: 78
        case .timeOut: 124
        }
    }

    package var explanation: String {
        switch self {
        case .badConfig: "the run configuration was refused"
        case .badData: "a dataset, its description or a row of it cannot be used"
        case .badModel: "a model, adapter, tokenizer or checkpoint cannot be used"
        case .badRequest: "the request's parameters are wrong"
        case .busy: "a limit is reached; try again later"
        case .cancelled: "the request or the job was cancelled"
        case .conflict: "the request contradicts the present state"
        case .dependencyFailed: "a job that this one waits for did not succeed"
        case .diskFull: "a file system has no space left; earlier checkpoints are whole"
        case .inputOutput: "the operating system could not read or write something; see its log"
        case .internalError: "a defect of the program"
        case .network: "a hub could not be reached, broke off or sent something else than it had announced"
        case .notAvailable: "a feature that this version does not have"
        case .notFinite: "a weight, a score, the loss or a gradient is infinite or not a number"
        case .notFound: "a file, folder, job or model does not exist"
        case .outOfMemory: "the worker needed more memory than there was"
        case .permission: "the service or the caller may not do this"
        case .shuttingDown: "the daemon is stopping"
        case .timeOut: "something took longer than its limit"
        case .workerCrashed: "the worker process ended unexpectedly"
        }
    }
}
