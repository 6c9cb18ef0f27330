import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import WorkerSupervision

/// Asks a worker which files of a run are out of the service's reach.
func listConfigurationFiles(_ call: MethodCall<ConfigFiles>) throws {
    var parameters = call.parameters
    parameters.overrides = try call.caller.readConfiguration(
        parameters.config, overrides: parameters.overrides ?? [], for: parameters.input == nil ? nil : .inference
    ).overrides
    parameters.input = parameters.input.map(call.caller.expandingHome)
    try checkWorkingDirectory(parameters.workingDirectory)
    let files = try PassedFiles(parameters.files ?? [], from: call.request)
    // The service reads what its own user may read; for others also root asks what they may.
    if call.caller.user == geteuid() || geteuid() == 0 && call.caller.isAdministrator {
        call.succeed(ConfigFiles.Result(needed: [], service: ServiceUser.description))
        return
    }
    try call.withReadingRights { [parameters] rights in
        try call.answerByOwnWorker("files", WorkerMethod.files, parameters, rights, passing: files)
    }
}
