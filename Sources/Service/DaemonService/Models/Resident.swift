import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI
import WorkerSupervision

/// What a resident model is found by: files that were read with one user's rights are nobody else's, and a model that is
/// read in another way is another one.
struct ResidentKey: Hashable, Comparable {
    /// The folder, without links.
    let model: String
    var settings = ModelSettings.none
    /// The user whose rights its worker has; nil for the service's own.
    let user: UInt32?

    static func < (left: ResidentKey, right: ResidentKey) -> Bool {
        if left.model != right.model { return left.model < right.model }
        if left.settings != right.settings {
            return left.settings.overrides.lexicographicallyPrecedes(right.settings.overrides)
        }
        return left.user ?? 0 < right.user ?? 0
    }
}

/// A worker that holds a model, and what the daemon knows of it.
final class Resident {
    let key: ResidentKey
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
    /// What the worker was told last that it may read.
    private var rights: ReadingRights?

    init(key: ResidentKey, rights: ReadingRights?, worker: Worker) {
        self.key = key
        self.rights = rights
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
        default: return
        }
    }

    // MARK: Use

    func use() { lastUsedAt = Timestamp.now() }

    /// Lets the worker know what its user may read now, before the next request.
    func tell(_ rights: ReadingRights?) {
        guard let rights, rights != self.rights,
            let folders = try? JSONValue(encoding: WorkerReading(closed: rights.closed, open: rights.open))
        else { return }
        self.rights = rights
        worker.peer.notify(WorkerReading.name, folders)
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
