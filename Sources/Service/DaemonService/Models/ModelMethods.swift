import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI
import WorkerSupervision

func listModels(_ call: MethodCall<ModelList>) throws -> ModelList.Result {
    ModelList.Result(models: call.daemon.models.list)
}

func unloadModel(_ call: MethodCall<ModelUnload>) throws -> ResidentModel {
    let path = try modelPath(call.parameters.model, in: call.parameters.workingDirectory)
    return try call.daemon.models.unload(path)
}

func loadModel(_ call: MethodCall<ModelLoad>) throws {
    let parameters = call.parameters
    let resident = try call.daemon.models.resident(modelPath(parameters.model, in: parameters.workingDirectory))
    var object: JSONObject = ["model": .string(resident.path)]
    try addAdapter(parameters.adapter, in: parameters.workingDirectory, to: &object, of: resident)
    call.daemon.models.forward(call.request, to: resident, method: WorkerMethod.load, parameters: .object(object)) {
        _ in
        resident.weightsLoaded = true
        return (try? JSONValue(encoding: resident.description)) ?? .null
    }
}

/// Sends a request that names a model to that model's worker, with absolute paths.
func forwardToModel<Method: ServiceMethod>(_ call: MethodCall<Method>, _ workerMethod: String) throws {
    guard var object = try JSONValue(encoding: call.parameters).object, let model = object["model"]?.string else {
        throw ServiceError(.badRequest, "\(Method.name) needs the parameter \"model\"", field: "model")
    }
    let directory = object["working_directory"]?.string
    let resident = try call.daemon.models.resident(modelPath(model, in: directory))
    object["model"] = .string(resident.path)
    object["working_directory"] = nil
    try addAdapter(object["adapter"]?.string, in: directory, to: &object, of: resident)
    let needsWeights = workerMethod != WorkerMethod.tokenize && workerMethod != WorkerMethod.detokenize
    call.daemon.models.forward(call.request, to: resident, method: workerMethod, parameters: .object(object)) {
        if needsWeights { resident.weightsLoaded = true }
        return $0
    }
}

/// Prepares a run's data in a worker of its own, which writes the items to the caller's descriptor.
func previewDataset(_ call: MethodCall<DatasetPreview>) throws {
    let parameters = call.parameters
    _ = try readConfiguration(parameters.config, overrides: parameters.overrides ?? [])
    try checkWorkingDirectory(parameters.workingDirectory)
    guard parameters.split == nil || parameters.split == "train" || parameters.split == "eval" else {
        throw ServiceError(.badRequest, "split is train or eval, not \"\(parameters.split ?? "")\"", field: "split")
    }
    let preview = try call.daemon.models.oneShot("preview")
    call.daemon.models.forward(
        call.request, to: preview, method: WorkerMethod.preview, parameters: try JSONValue(encoding: parameters)
    ) {
        preview.worker.kill()
        return $0
    }
}

private func modelPath(_ name: String, in directory: String?) throws -> String {
    try checkWorkingDirectory(directory)
    let path = try ModelFolder.locate(name, workingDirectory: directory)
    return FileSystem.canonicalPath(path) ?? path
}

private func addAdapter(
    _ name: String?, in directory: String?, to object: inout JSONObject, of model: ModelTable.Resident
) throws {
    guard let name, !name.isEmpty else {
        object["adapter"] = nil
        return
    }
    let path = try modelPath(name, in: directory)
    object["adapter"] = .string(path)
    if !model.adapters.contains(path) { model.adapters.append(path) }
}
