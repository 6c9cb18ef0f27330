import JSONDocuments
import JSONRPC
import ServiceAPI
import WorkerSupervision

/// Plans a run in a worker of its own, which ends with the answer.
func planRun(_ call: MethodCall<ConfigPlan>) throws {
    let (parameters, request) = (call.parameters, call.request)
    let configuration = try readConfiguration(parameters.config, overrides: parameters.overrides ?? [])
    try checkWorkingDirectory(parameters.workingDirectory)
    try call.caller.requireReading(configuration, in: parameters.workingDirectory, call.daemon)
    let limits = call.daemon.options.limits
    let question = WorkerPlan.Parameters(
        config: parameters.config, overrides: parameters.overrides ?? [],
        workingDirectory: parameters.workingDirectory, threads: limits.workerThreads, budget: limits.memoryBudget,
        speed: nil)
    let worker = try call.daemon.models.oneShot("plan", for: call.caller).worker
    let number = worker.peer.call(WorkerPlan.name, try JSONValue(encoding: question)) { result in
        worker.kill()
        switch result {
        case .success(let value): request.succeed(value)
        case .failure(let error) where error.code == -32000:
            request.fail(
                ServiceError(.workerCrashed, "the worker that made the plan ended before it was done").rpcError)
        case .failure(let error): request.fail(ServiceError(error).rpcError)
        }
    }
    request.onCancel = { [weak worker] in worker?.peer.cancel(number) }
}
