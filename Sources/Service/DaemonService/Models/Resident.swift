import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI
import WorkerSupervision

/// A worker that holds a model, and what the daemon knows of it.
final class Resident {
    let path: String
    let worker: Worker
    var weightsLoaded = false
    /// Whether a request to it has ever succeeded.
    var hasServed = false
    /// What the worker said last that it holds.
    private(set) var adapters: [ResidentAdapter] = []
    private(set) var lastUsedAt = Timestamp.now()
    /// Why it ended, told to the requests that were in flight.
    private(set) var end: ServiceError?
    private var waitingForEnd: [(ServiceError) -> Void] = []
    /// Where the progress of each call in flight goes.
    private var progress: [Int64: (JSONValue) -> Void] = [:]
    /// Who has used it.
    private(set) var users: Set<UInt32> = []
    private var usersOfAdapters: [String: Set<UInt32>] = [:]

    init(path: String, worker: Worker) {
        self.path = path
        self.worker = worker
        worker.peer.onNotification = { [weak self] method, parameters in self?.heard(method, parameters) }
        // Also keeps a worker that was given up until it is reaped.
        worker.onExit = { error in self.ended(error) }
    }

    /// Called once when the process has ended.
    var onEnd: () -> Void = {}

    private func heard(_ method: String, _ parameters: JSONValue?) {
        switch method {
        case "$/progress":
            guard let call = parameters?["request"]?.integer, let value = parameters?["value"] else { return }
            progress[call]?(value)
        case WorkerAdapters.name:
            adapters = (try? parameters?.decoded(as: WorkerAdapters.self))?.adapters ?? adapters
            usersOfAdapters = usersOfAdapters.filter { entry in adapters.contains { $0.adapter == entry.key } }
        default: return
        }
    }

    // MARK: Users

    func use(by user: UInt32, adapter: String?) {
        lastUsedAt = Timestamp.now()
        users.insert(user)
        if let adapter { usersOfAdapters[adapter, default: []].insert(user) }
    }

    func adapters(visibleTo caller: Caller) -> [ResidentAdapter] {
        adapters.filter { caller.isAdministrator || usersOfAdapters[$0.adapter]?.contains(caller.user) == true }
    }

    // MARK: Calls

    /// Sends a request; the completion gets why the worker ended when it does before the answer.
    ///
    /// - Returns: cancels the call, whose answer still comes
    func call(
        _ method: String, _ parameters: JSONValue, passing descriptors: [Int32] = [],
        progress receive: @escaping (JSONValue) -> Void,
        completion: @escaping (Result<JSONValue, ServiceError>) -> Void
    ) -> () -> Void {
        var number: Int64?
        let call = worker.call(method, parameters, passing: descriptors) { result in
            if let number { self.progress[number] = nil }
            switch result {
            case .success(let value): completion(.success(value))
            // The connection ended; how the process did follows.
            case .failure(let error) where error.code == -32000: self.whenEnded { completion(.failure($0)) }
            case .failure(let error): completion(.failure(ServiceError(error)))
            }
        }
        number = call
        progress[call] = receive
        return { [weak worker] in worker?.peer.cancel(call) }
    }

    private func whenEnded(_ completion: @escaping (ServiceError) -> Void) {
        if let end { completion(end) } else { waitingForEnd.append(completion) }
    }

    /// Ends the process at once; requests in flight are told `reason`.
    func kill(reason: ServiceError? = nil) {
        if end == nil { end = reason }
        worker.kill()
    }

    private func ended(_ error: ServiceError) {
        let reason = end ?? error
        end = reason
        worker.onExit = { _ in }
        let waiting = waitingForEnd
        waitingForEnd = []
        waiting.forEach { $0(reason) }
        onEnd()
        onEnd = {}
    }
}
