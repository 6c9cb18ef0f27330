import JSONDocuments
import JSONRPC
import ServiceAPI
import WorkerSupervision

/// Plans a run in a worker of its own, which ends with the answer.
func planRun(_ call: MethodCall<ConfigPlan>) throws {
    let (parameters, request) = (call.parameters, call.request)
    let (configuration, overrides) = try call.caller.readConfiguration(
        parameters.config, overrides: parameters.overrides ?? [])
    try checkWorkingDirectory(parameters.workingDirectory)
    try call.caller.requireReading(configuration, in: parameters.workingDirectory, call.daemon)
    let limits = call.daemon.options.limits
    let question = WorkerPlan.Parameters(
        config: parameters.config, overrides: overrides,
        workingDirectory: parameters.workingDirectory, threads: limits.workerThreads, budget: limits.memoryBudget,
        speed: nil)
    try withInputs(parameters.files, call) { inputs in
        let planning = try call.daemon.models.oneShot("plan", for: call.caller, inputs: inputs)
        call.daemon.models.forward(
            request, to: planning, method: WorkerPlan.name, parameters: try JSONValue(encoding: question)
        ) {
            planning.worker.kill()
            return $0
        }
        return planning
    }
}
