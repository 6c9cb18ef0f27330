import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

func listAdapters(_ call: MethodCall<AdapterList>) throws {
    let (models, parameters) = (call.daemon.models, call.parameters)
    func answer(_ model: String?) {
        call.succeed(AdapterList.Result(adapters: models.adapters(of: model, visibleTo: call.caller)))
    }
    guard let model = parameters.model else { return answer(nil) }
    let names = try ModelNames(model: model, adapter: nil, in: parameters.workingDirectory)
    try call.withAccess(to: names) { access in answer(access.targets[0].model) }
}

func loadAdapter(_ call: MethodCall<AdapterLoad>) throws {
    guard !call.parameters.adapter.isEmpty else {
        throw ServiceError(.badRequest, "\(AdapterLoad.name) needs the parameter \"adapter\"", field: "adapter")
    }
    try forwardToModel(call, WorkerMethod.loadAdapter)
}

func unloadAdapter(_ call: MethodCall<AdapterUnload>) throws {
    let parameters = call.parameters
    let given = call.caller.expandingHome(parameters.adapter)
    // A folder that is gone can still be in memory.
    let isGone = given.hasPrefix("/") && !FileSystem.isDirectory(given)
    let names = try ModelNames(
        model: parameters.model, adapter: isGone ? nil : given, in: parameters.workingDirectory)
    try call.withAccess(to: names) { access in
        try unload(isGone ? given : access.targets[0].adapter ?? given, of: access.targets[0].model, call)
    }
}

private func unload(_ adapter: String, of model: String, _ call: MethodCall<AdapterUnload>) throws {
    let models = call.daemon.models
    guard let holder = models.resident(model, holding: adapter, visibleTo: call.caller) else {
        throw ServiceError(
            .notFound, "\(adapter) is not loaded with \(model)", hint: "`tunectl adapters` lists those that are")
    }
    models.begin(holder, keepAlive: nil)
    _ = holder.call(
        WorkerMethod.unloadAdapter, ["model": .string(model), "adapter": .string(adapter)],
        progress: { _ in },
        completion: { [request = call.request] result in
            models.end(holder)
            switch result {
            case .success(let value): request.succeed(value)
            case .failure(let error): request.fail(error.rpcError)
            }
        })
}
