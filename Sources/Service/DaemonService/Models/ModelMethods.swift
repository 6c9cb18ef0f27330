import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI
import WorkerSupervision

func listModels(_ call: MethodCall<ModelList>) throws -> ModelList.Result {
    ModelList.Result(models: call.daemon.models.list(visibleTo: call.caller))
}

func unloadModel(_ call: MethodCall<ModelUnload>) throws {
    let (models, model) = (call.daemon.models, call.caller.expandingHome(call.parameters.model))
    // A folder that is gone can still be resident.
    if model.hasPrefix("/"), !FileSystem.isDirectory(model) {
        return call.succeed(try models.unload(model, for: call.caller))
    }
    let names = try ModelNames(model: model, adapter: nil, in: call.parameters.workingDirectory)
    try call.withAccess(to: names) { access in
        call.succeed(try models.unload(access.targets[0].model, for: call.caller))
    }
}

func loadModel(_ call: MethodCall<ModelLoad>) throws {
    let models = call.daemon.models
    try forwardToModel(call, WorkerMethod.load) { [caller = call.caller] model, answer in
        guard var description = models.description(of: model, for: caller) else { return .null }
        description.warnings = answer["warnings"]?.array?.compactMap(\.string)
        return (try? JSONValue(encoding: description)) ?? .null
    }
}

/// Sends a request that names a model to that model's worker, with absolute paths.
func forwardToModel<Method: ServiceMethod>(
    _ call: MethodCall<Method>, _ workerMethod: String,
    finish: @escaping (Resident, JSONValue) -> JSONValue = { $1 }
) throws {
    guard var object = try JSONValue(encoding: call.parameters).object, let model = object["model"]?.string else {
        throw ServiceError(.badRequest, "\(Method.name) needs the parameter \"model\"", field: "model")
    }
    let given = object["overrides"]?.array?.compactMap(\.string) ?? []
    let settings: ModelSettings
    let others: [String]
    do {
        (settings, others) = try ModelSettings.taken(from: given)
    } catch {
        throw ServiceError(error)
    }
    if workerMethod == WorkerMethod.load || workerMethod == WorkerMethod.logProbabilities, let other = others.first {
        let key = String(other.prefix { $0 != "=" })
        throw ServiceError(
            .badConfig, "`\(key)` does not act on \(Method.name)",
            hint: "take it out; what says how the model is read acts, such as quantization_bit", field: key)
    }
    object["overrides"] = others.isEmpty ? nil : .array(others.map(JSONValue.string))
    let names = try ModelNames(
        model: model, adapter: object["adapter"]?.string, in: object["working_directory"]?.string)
    try call.withAccess(to: names) { access in
        try ModelRequest(call, method: workerMethod, parameters: object, settings, access, finish: finish).send()
    }
}

/// Prepares a run's data in a worker of its own, which writes the items to the caller's descriptor.
func previewDataset(_ call: MethodCall<DatasetPreview>) throws {
    var parameters = call.parameters
    try checkWorkingDirectory(parameters.workingDirectory)
    guard parameters.split == nil || parameters.split == "train" || parameters.split == "eval" else {
        throw ServiceError(.badRequest, "split is train or eval, not \"\(parameters.split ?? "")\"", field: "split")
    }
    let (configuration, overrides) = try call.caller.readConfiguration(
        parameters.config, overrides: parameters.overrides ?? [], for: .data)
    parameters.overrides = overrides
    try call.withReadingRights(for: configuration, in: parameters.workingDirectory) { [parameters] rights in
        try call.answerByOwnWorker("preview", WorkerMethod.preview, parameters, rights, copying: parameters.files)
    }
}
