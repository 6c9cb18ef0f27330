import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI
import WorkerSupervision

/// A request on its way to a model's worker.
///
/// It is sent again in two cases, as long as nothing of the answer has been passed on: when memory ran out and idle
/// models could be ended, once; and when a job's checkpoint is gone or damaged, with the one before it.
final class ModelRequest {
    private let models: ModelTable
    private let request: IncomingRequest
    private let rights: ReadingRights?
    private let method: String
    private let settings: ModelSettings
    private var parameters: JSONObject
    private let keepAlive: KeepAlive?
    private var targets: ArraySlice<ModelTarget>
    private let finish: (Resident, JSONValue) -> JSONValue
    private var hasStreamed = false
    private var hasMadeRoom = false

    /// - Parameter finish: sees a successful answer before it is passed on
    init(
        _ call: MethodCall<some ServiceMethod>, method: String, parameters: JSONObject,
        _ settings: ModelSettings = .none, _ access: ModelAccess,
        finish: @escaping (Resident, JSONValue) -> JSONValue = { $1 }
    ) throws {
        models = call.daemon.models
        request = call.request
        rights = access.rights
        self.method = method
        self.settings = settings
        targets = access.targets[...]
        self.finish = finish
        keepAlive = try parameters["keep_alive"]?.string.map { try KeepAlive($0) }
        self.parameters = parameters
        self.parameters["working_directory"] = nil
        self.parameters["keep_alive"] = nil
    }

    private var isInteractive: Bool { method == WorkerMethod.generate || method == WorkerMethod.chat }
    private var needsWeights: Bool { method != WorkerMethod.tokenize && method != WorkerMethod.detokenize }

    func send() throws {
        guard let target = targets.first else { return }
        let model = try models.resident(target.model, settings, rights: rights, weights: needsWeights)
        model.use()
        parameters["model"] = .string(target.model)
        parameters["adapter"] = target.adapter.map { .string($0) }
        parameters[WorkerMethod.modelSettings] =
            settings == .none ? nil : .array(settings.overrides.map(JSONValue.string))
        models.begin(model, keepAlive: keepAlive)
        // Training gives way before the worker hears of the request.
        if isInteractive { models.training.requestBegan() }
        request.onCancel = model.call(
            method, .object(parameters),
            progress: { [self] value in
                hasStreamed = true
                request.notify("$/progress", ["request": request.id.value, "value": value])
            }, completion: { [self] result in completed(result, by: model) })
    }

    private func completed(_ result: Result<JSONValue, ServiceError>, by model: Resident) {
        if isInteractive { models.training.requestEnded() }
        switch result {
        case .success(let value):
            model.hasServed = true
            if needsWeights { model.weightsLoaded = true }
            let answer = finish(model, value)
            models.end(model)
            request.succeed(answer)
        case .failure(let error):
            models.end(model)
            if !tryAgain(after: error, from: model) { request.fail(error.rpcError) }
            models.endIfEmpty(model)
        }
    }

    private func tryAgain(after error: ServiceError, from model: Resident) -> Bool {
        guard !hasStreamed, !request.isCancelled, !request.isAnswered else { return false }
        switch error.kind {
        case .outOfMemory where !hasMadeRoom:
            hasMadeRoom = true
            guard models.makeRoomAfterOutOfMemory(for: model) else { return false }
        case .notFound, .badModel:
            guard targets.count > 1 else { return false }
            targets = targets.dropFirst()
        default: return false
        }
        do {
            try send()
        } catch {
            request.fail(MethodDispatch.serviceError(error).rpcError)
        }
        return true
    }
}
