import JSONDocuments
import JSONRPC
import ServiceAPI
import WorkerSupervision

/// Plans a run in a worker of its own, which ends with the answer.
func planRun(_ call: MethodCall<ConfigPlan>) throws {
    let parameters = call.parameters
    let (configuration, overrides) = try call.caller.readConfiguration(
        parameters.config, overrides: parameters.overrides ?? [])
    try checkWorkingDirectory(parameters.workingDirectory)
    try requireOutputBesideBase(configuration, in: parameters.workingDirectory)
    let limits = call.daemon.options.limits
    let question = WorkerPlan.Parameters(
        config: parameters.config, overrides: overrides,
        workingDirectory: parameters.workingDirectory, threads: limits.workerThreads, budget: limits.memoryBudget,
        share: limits.memoryShare, speed: nil)
    try call.withReadingRights(for: configuration, in: parameters.workingDirectory) { rights in
        try call.answerByOwnWorker("plan", WorkerPlan.name, question, rights, copying: parameters.files)
    }
}
