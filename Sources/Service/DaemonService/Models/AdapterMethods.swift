import JSONRPC
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

func listAdapters(_ call: MethodCall<AdapterList>) throws -> AdapterList.Result {
    let parameters = call.parameters
    let model = try parameters.model.map {
        try ModelTarget.resolve(model: $0, adapter: nil, in: parameters.workingDirectory, call)[0].model
    }
    return AdapterList.Result(adapters: call.daemon.models.adapters(of: model, visibleTo: call.caller))
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
    var target = try ModelTarget.resolve(
        model: parameters.model, adapter: isGone ? nil : given, in: parameters.workingDirectory, call)[0]
    if isGone { target.adapter = given }
    let models = call.daemon.models
    guard let adapter = target.adapter,
        let holder = models.resident(target.model, holding: adapter, visibleTo: call.caller)
    else {
        throw ServiceError(
            .notFound, "\(target.adapter ?? given) is not loaded with \(target.model)",
            hint: "`tunectl adapters` lists those that are")
    }
    models.begin(holder, keepAlive: nil)
    _ = holder.call(
        WorkerMethod.unloadAdapter, ["model": .string(target.model), "adapter": .string(adapter)],
        progress: { _ in },
        completion: { [request = call.request] result in
            models.end(holder)
            switch result {
            case .success(let value): request.succeed(value)
            case .failure(let error): request.fail(error.rpcError)
            }
        })
}
