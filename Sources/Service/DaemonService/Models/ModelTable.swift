import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI
import WorkerSupervision

/// Resident models: one worker for each model folder, the least recently used ones ended when there are too many.
final class ModelTable {
    private let program: WorkerProgram
    private let stateDirectory: String
    private let limits: DaemonLimits
    private let loop: EventLoop
    private var models: [String: Resident] = [:]
    private var uses: UInt64 = 0

    /// A worker with its model.
    final class Resident {
        let path: String
        let worker: Worker
        var adapters: [String] = []
        var requestsInFlight = 0
        var weightsLoaded = false
        var lastUse: UInt64 = 0
        var lastUsedAt = Timestamp.now()
        /// Why it ended, told to the requests that were in flight.
        var end: ServiceError?
        /// Where the progress of each call in flight goes.
        var progress: [Int64: (JSONValue) -> Void] = [:]

        init(path: String, worker: Worker) {
            self.path = path
            self.worker = worker
            worker.peer.onNotification = { [weak self] method, parameters in
                guard method == "$/progress", let call = parameters?["request"]?.integer,
                    let value = parameters?["value"]
                else { return }
                self?.progress[call]?(value)
            }
        }

        var description: ResidentModel {
            ResidentModel(
                model: path, adapters: adapters, weightsLoaded: weightsLoaded, worker: worker.process,
                requestsInFlight: requestsInFlight, lastUsedAt: lastUsedAt,
                residentBytes: MemoryUsage(process: worker.process)?.resident)
        }
    }

    init(program: WorkerProgram, stateDirectory: String, limits: DaemonLimits, loop: EventLoop) {
        self.program = program
        self.stateDirectory = stateDirectory
        self.limits = limits
        self.loop = loop
    }

    var count: Int { models.count }
    var list: [ResidentModel] { models.values.map(\.description).sorted { $0.model < $1.model } }

    /// The folder's worker, started when there is none.
    func resident(_ path: String) throws -> Resident {
        uses += 1
        if let model = models[path] {
            model.lastUse = uses
            model.lastUsedAt = Timestamp.now()
            return model
        }
        try makeRoom()
        let logs = stateDirectory + "/models"
        try FileSystem.createDirectories(logs, mode: 0o700)
        let worker = try Worker(
            program, logPath: "\(logs)/\(FileHash.of(path).prefix(12)).log", memoryLimit: limits.workerMemory,
            loop: loop)
        let model = Resident(path: path, worker: worker)
        model.lastUse = uses
        models[path] = model
        worker.onExit = { [weak self, weak model] error in
            model?.end = error
            if let model, self?.models[path] === model { self?.models[path] = nil }
        }
        return model
    }

    /// A worker for one request; it belongs to no model and is not listed.
    func oneShot(_ name: String) throws -> Resident {
        let logs = stateDirectory + "/models"
        try FileSystem.createDirectories(logs, mode: 0o700)
        let worker = try Worker(
            program, logPath: "\(logs)/\(name).log", memoryLimit: limits.workerMemory, loop: loop)
        let resident = Resident(path: name, worker: worker)
        worker.onExit = { error in resident.end = error }
        return resident
    }

    private func makeRoom() throws {
        while models.count >= limits.residentModels {
            let idle = models.values.filter { $0.requestsInFlight == 0 }.min { $0.lastUse < $1.lastUse }
            guard let idle else {
                throw ServiceError(
                    .busy, "\(models.count) models are resident and all are working",
                    hint: "try again later, or raise limits.resident_models in finetuned.yaml")
            }
            end(idle)
        }
    }

    func unload(_ path: String) throws -> ResidentModel {
        guard let model = models[path] else {
            throw ServiceError(.notFound, "\(path) is not resident", hint: "`tunectl models` lists those that are")
        }
        let description = model.description
        end(model)
        return description
    }

    func unloadAll() {
        for model in Array(models.values) { end(model) }
    }

    private func end(_ model: Resident) {
        models[model.path] = nil
        model.worker.kill()
        // Keeps the worker until it is reaped; its requests are answered when its socket closes.
        model.worker.onExit = { error in _ = (model, error) }
    }

    /// Sends a request on to the model's worker and its answer, progress and cancellation back.
    ///
    /// - Parameter inspect: sees a successful answer before it is passed on.
    func forward(
        _ request: IncomingRequest, to model: Resident, method: String, parameters: JSONValue,
        inspect: @escaping (JSONValue) -> JSONValue = { $0 }
    ) {
        model.requestsInFlight += 1
        let worker = model.worker
        var number: Int64?
        let call = worker.peer.call(method, parameters, passing: request.takeDescriptors()) { [loop] result in
            model.requestsInFlight -= 1
            if let number { model.progress[number] = nil }
            switch result {
            case .success(let value): request.succeed(inspect(value))
            case .failure(let error) where error.code == -32000:
                // The exit status follows the end of the connection.
                loop.after(0.2) {
                    let reason = model.end ?? ServiceError(.workerCrashed, "the model's worker ended")
                    request.fail(reason.rpcError)
                }
            case .failure(let error): request.fail(ServiceError(error).rpcError)
            }
        }
        number = call
        model.progress[call] = { request.notify("$/progress", ["request": request.id.value, "value": $0]) }
        request.onCancel = { [weak worker] in worker?.peer.cancel(call) }
    }
}
