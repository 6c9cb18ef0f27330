import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI
import TrainingLoop

/// Runs or plans a training job, or prepares a preview, on a thread of its own while the event loop's thread keeps
/// answering.
final class TrainingJobService {
    /// Sends a notification to the daemon.
    var notify: (String, JSONValue) -> Void = { _, _ in }

    private enum Message: Sendable {
        case event(JSONValue)
        case result(JSONValue)
        case checkpoint(number: Int, JobCheckpoint)
        case failure(ServiceError)
    }

    private let mailbox = Result { try LoopMailbox<Message>() }
    private var waiting: IncomingRequest?
    private var checkpointRequests: [Int: IncomingRequest] = [:]
    private var nextCheckpointRequest = 0
    private let control = TrainingControl()
    private let hold: TrainingHold

    /// - Parameter loop: the loop whose thread calls everything here
    init(loop: EventLoop) throws {
        hold = TrainingHold(loop: loop)
        let mailbox = try mailbox.get()
        try loop.register(mailbox.descriptor.number, .read) { [weak self] _ in self?.deliver() }
    }

    private let methods: Set = [
        WorkerTrain.name, WorkerMethod.preview, WorkerMethod.files, WorkerGenerateBatch.name, WorkerPlan.name,
        WorkerExport.name,
    ]

    /// Whether the request is one of ours; it will then be answered.
    func accept(_ request: IncomingRequest) -> Bool {
        if request.method == WorkerCheckpoint.name {
            acceptCheckpoint(request)
            return true
        }
        guard methods.contains(request.method) else { return false }
        guard waiting == nil else {
            request.fail(ServiceError(.busy, "this worker has a job already").rpcError)
            return true
        }
        do {
            let parameters = request.parameters ?? [:]
            if request.method == WorkerTrain.name {
                try start(TrainingJob(parameters.decoded(as: WorkerTrain.Parameters.self)))
            } else if request.method == WorkerExport.name {
                try start(ExportJob(parameters.decoded(as: WorkerTrain.Parameters.self)))
            } else if request.method == WorkerMethod.files {
                try start(
                    InputListing(
                        parameters.decoded(as: ConfigFiles.Parameters.self), descriptors: request.takeDescriptors()))
            } else if request.method == WorkerGenerateBatch.name {
                try start(GenerationJob(parameters.decoded(as: WorkerGenerateBatch.Parameters.self)))
            } else if request.method == WorkerPlan.name {
                try start(TrainingJobPlan(parameters.decoded(as: WorkerPlan.Parameters.self)))
            } else {
                try start(
                    TrainingJobPreview(
                        parameters.decoded(as: DatasetPreview.Parameters.self), output: request.takeDescriptors()))
            }
            waiting = request
            request.onCancel = { [weak self] in self?.stop() }
        } catch {
            request.fail(ServiceError(trainingFailure: error).rpcError)
        }
        return true
    }

    /// Answered when the training thread has written it; never when the run ends before, with which the worker ends.
    private func acceptCheckpoint(_ request: IncomingRequest) {
        guard waiting?.method == WorkerTrain.name, let mailbox = try? mailbox.get() else {
            request.fail(ServiceError(.conflict, "this worker does not train").rpcError)
            return
        }
        nextCheckpointRequest += 1
        let number = nextCheckpointRequest
        checkpointRequests[number] = request
        control.requestCheckpoint { step, path in
            mailbox.send(.checkpoint(number: number, JobCheckpoint(step: step, path: path)))
        }
    }

    /// Takes a notification; unknown ones are not for us.
    func heard(_ method: String, _ parameters: JSONValue?) {
        switch method {
        case WorkerStop.name: stop()
        case WorkerYield.name:
            if let wish = try? parameters?.decoded(as: WorkerYield.self), !control.isStopping {
                hold.begin(atMost: wish.seconds)
            }
        case WorkerContinue.name: hold.end()
        default: return
        }
    }

    private func stop() {
        control.stop()
        // What is held back could not come to its end.
        hold.end()
    }

    private func start(_ work: some TrainingWork) throws {
        let (mailbox, control) = (try mailbox.get(), control)
        try DedicatedThread.start("training", stackSize: 64 << 20) {
            do {
                let result = try work.run(control: control) { event in
                    if let value = try? JSONValue(encoding: event) { mailbox.send(.event(value)) }
                }
                mailbox.send(.result(result))
            } catch {
                let failure = ServiceError(trainingFailure: error)
                WorkerLog.write("failed: \(failure.message)")
                mailbox.send(.failure(failure))
            }
        }
    }

    private func deliver() {
        guard let mailbox = try? mailbox.get() else { return }
        for message in mailbox.take() {
            switch message {
            case .event(let value): notify(WorkerEvent.name, value)
            case .result(let value): take()?.succeed(value)
            case .failure(let error): take()?.fail(error.rpcError)
            case .checkpoint(let number, let checkpoint):
                let request = checkpointRequests.removeValue(forKey: number)
                if let value = try? JSONValue(encoding: checkpoint) { request?.succeed(value) }
            }
        }
    }

    private func take() -> IncomingRequest? {
        defer { waiting = nil }
        return waiting
    }
}

/// What the training thread does for one request.
protocol TrainingWork: Sendable {
    /// - Returns: the request's result
    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue
}
