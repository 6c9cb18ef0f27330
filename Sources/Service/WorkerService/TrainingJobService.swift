import Foundation
import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI
import TrainingLoop

/// Runs a training job, or prepares a preview, on a thread of its own while the event loop's thread keeps answering.
final class TrainingJobService {
    /// Sends a notification to the daemon.
    var notify: (String, JSONValue) -> Void = { _, _ in }

    private enum Message: Sendable {
        case event(JSONValue)
        case result(JSONValue)
        case failure(ServiceError)
    }

    private let mailbox = Result { try LoopMailbox<Message>() }
    private var waiting: IncomingRequest?
    private let control = TrainingControl()

    /// - Parameter loop: the loop whose thread calls everything here
    init(loop: EventLoop) throws {
        let mailbox = try mailbox.get()
        try loop.register(mailbox.descriptor.number, .read) { [weak self] _ in self?.deliver() }
    }

    /// Whether the request is one of ours; it will then be answered.
    func accept(_ request: IncomingRequest) -> Bool {
        guard request.method == WorkerTrain.name || request.method == WorkerMethod.preview else { return false }
        guard waiting == nil else {
            request.fail(ServiceError(.busy, "this worker has a job already").rpcError)
            return true
        }
        do {
            let parameters = request.parameters ?? [:]
            if request.method == WorkerTrain.name {
                try start(TrainingJob(parameters.decoded(as: WorkerTrain.Parameters.self)))
            } else {
                try start(
                    TrainingJobPreview(
                        parameters.decoded(as: DatasetPreview.Parameters.self), output: request.takeDescriptors()))
            }
            waiting = request
            request.onCancel = { [control] in control.stop() }
        } catch {
            request.fail(ServiceError(trainingFailure: error).rpcError)
        }
        return true
    }

    /// Takes a notification; unknown ones are not for us.
    func heard(_ method: String, _ parameters: JSONValue?) {
        if method == WorkerStop.name { control.stop() }
    }

    private func start(_ work: some TrainingWork) throws {
        let (mailbox, control) = (try mailbox.get(), control)
        let thread = Thread {
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
        thread.name = "training"
        thread.stackSize = 64 << 20
        thread.start()
    }

    private func deliver() {
        guard let mailbox = try? mailbox.get() else { return }
        for message in mailbox.take() {
            switch message {
            case .event(let value): notify(WorkerEvent.name, value)
            case .result(let value): take()?.succeed(value)
            case .failure(let error): take()?.fail(error.rpcError)
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
