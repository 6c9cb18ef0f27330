package import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
package import ServiceAPI
import StructuredLogging

/// What a handler gets.
struct MethodCall<Method: ServiceMethod> {
    let parameters: Method.Parameters
    let caller: Caller
    let daemon: Daemon
    let request: IncomingRequest

    /// Answers later; every path must end in one of these.
    func succeed(_ result: Method.Result) { MethodDispatch.answer(request, .success(result)) }
    func fail(_ error: any Error) {
        MethodDispatch.logDenial(error, of: Method.name, caller, daemon)
        request.fail(MethodDispatch.serviceError(error).rpcError)
    }
}

/// The one place where names meet handlers and errors meet the wire.
package enum MethodDispatch {
    private typealias Handler = (IncomingRequest, Caller, Daemon) -> Void

    private static func immediate<Method: ServiceMethod>(
        _ method: Method.Type, _ body: @escaping (MethodCall<Method>) throws -> Method.Result
    ) -> (String, Handler) {
        deferred(method) { call in call.succeed(try body(call)) }
    }

    private static func deferred<Method: ServiceMethod>(
        _ method: Method.Type, _ body: @escaping (MethodCall<Method>) throws -> Void
    ) -> (String, Handler) {
        (
            Method.name,
            { request, caller, daemon in
                do {
                    let parameters = try decode(method, request.parameters)
                    try authorize(method, parameters, caller, daemon)
                    try body(MethodCall(parameters: parameters, caller: caller, daemon: daemon, request: request))
                } catch {
                    logDenial(error, of: Method.name, caller, daemon)
                    request.fail(serviceError(error).rpcError)
                }
            }
        )
    }

    /// Denials are for the journal too, also of places where the service itself may not write: somebody asked for them.
    static func logDenial(_ error: any Error, of method: String, _ caller: Caller, _ daemon: Daemon) {
        guard let error = error as? ServiceError, error.kind == .permission else { return }
        let (user, process) = (String(caller.user), String(caller.process))
        if let job = error.job {
            daemon.logger.log(.accessDenied, ["user": user, "process": process, "method": method, "job": job])
        } else {
            daemon.logger.log(.accessDenied, ["user": user, "process": process, "method": method])
        }
    }

    /// Who may call it is decided here, before any handler runs.
    private static func authorize<Method: ServiceMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters, _ caller: Caller, _ daemon: Daemon
    ) throws {
        switch Method.access {
        case .everyone: return
        case .administrator: try caller.requireAdministrator(for: Method.name)
        case .owner:
            guard let id = (parameters as? any JobAddressing)?.job else { return }
            try caller.require(owner: daemon.jobs.store.job(id).job.owner, job: id)
        }
    }

    // Made once, then read by the loop's thread alone.
    nonisolated(unsafe) private static let handlers: [String: Handler] = Dictionary(
        uniqueKeysWithValues: [
            deferred(ConfigFiles.self, listConfigurationFiles), deferred(ConfigPlan.self, planRun),
            immediate(ConfigSchema.self, describeConfiguration), immediate(ConfigValidate.self, validateConfiguration),
            immediate(Discover.self) { _ in try OpenRPCDocument.current.get() },
            immediate(JobCancel.self, cancelJob), immediate(JobFetch.self, fetchJobFile),
            immediate(JobFiles.self, listJobFiles), immediate(JobGet.self, showJob), immediate(JobList.self, listJobs),
            immediate(JobLogs.self, readJobLog), deferred(JobSubmit.self, submitJob),
            deferred(JobCheckpointNow.self, saveCheckpoint), immediate(JobFork.self, forkJob),
            immediate(JobMetrics.self, readMetrics), immediate(JobPause.self, pauseJob),
            immediate(JobPrioritize.self, prioritizeJob), immediate(JobRemove.self, removeJob),
            immediate(JobRequeue.self, requeueJob), immediate(JobResume.self, resumeJob),
            deferred(JobWait.self, waitForJobs), deferred(JobWatch.self, watchJob),
            immediate(SystemInfo.self, describeSystem),
            immediate(SystemShutdown.self, shutDown), immediate(ModelList.self, listModels),
            immediate(AdapterList.self, listAdapters), deferred(AdapterLoad.self, loadAdapter),
            deferred(AdapterUnload.self, unloadAdapter), deferred(ModelLoad.self, loadModel),
            immediate(ModelUnload.self, unloadModel),
            deferred(Generate.self) { try forwardToModel($0, WorkerMethod.generate) },
            deferred(Chat.self) { try forwardToModel($0, WorkerMethod.chat) },
            deferred(Tokenize.self) { try forwardToModel($0, WorkerMethod.tokenize) },
            deferred(Detokenize.self) { try forwardToModel($0, WorkerMethod.detokenize) },
            deferred(LogProbabilities.self) { try forwardToModel($0, WorkerMethod.logProbabilities) },
            deferred(Score.self) { try forwardToModel($0, WorkerMethod.score) },
            deferred(DatasetPreview.self, previewDataset),
        ])

    static func handle(_ request: IncomingRequest, caller: Caller, daemon: Daemon) {
        guard let handler = handlers[request.method] else {
            request.fail(.methodNotFound(request.method))
            return
        }
        handler(request, caller, daemon)
    }

    static func answer(_ request: IncomingRequest, _ result: Result<some Encodable, any Error>) {
        do {
            request.succeed(try JSONValue(encoding: try result.get()))
        } catch {
            request.fail(serviceError(error).rpcError)
        }
    }

    /// Parameters by name, or by position in the order the method declares.
    package static func decode<Method: ServiceMethod>(
        _ method: Method.Type, _ value: JSONValue?
    ) throws -> Method.Parameters {
        var named: JSONObject = [:]
        switch value {
        case .array(let values)?:
            guard values.count <= Method.parameters.count else {
                throw ServiceError(
                    .badRequest,
                    "\(Method.name) takes at most \(Method.parameters.count) parameters, not \(values.count)")
            }
            for (parameter, value) in zip(Method.parameters, values) { named[parameter.name] = value }
        case .object(let object)?: named = object
        default: break
        }
        let known = Set(Method.parameters.map(\.name))
        if let unknown = named.keys.first(where: { !known.contains($0) }) {
            throw ServiceError(
                .badRequest, "\(Method.name) has no parameter \"\(unknown)\"",
                hint: "it takes \(Method.parameters.map(\.name).joined(separator: ", "))", field: unknown)
        }
        if let missing = Method.parameters.first(where: { $0.isRequired && named[$0.name] == nil }) {
            throw ServiceError(
                .badRequest, "\(Method.name) needs the parameter \"\(missing.name)\": \(missing.summary)",
                field: missing.name)
        }
        do {
            return try JSONValue.object(named).decoded(as: Method.Parameters.self)
        } catch let error as DecodingError {
            throw badParameter(error, of: Method.name)
        }
    }

    private static func badParameter(_ error: DecodingError, of method: String) -> ServiceError {
        let context: DecodingError.Context? =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): context
            case .keyNotFound(let key, let context):
                DecodingError.Context(
                    codingPath: context.codingPath + [key], debugDescription: "\(key.stringValue) is missing")
            @unknown default: nil
            }
        let field = context?.codingPath.map(\.stringValue).joined(separator: ".") ?? ""
        return ServiceError(
            .badRequest, "\(method): \(field): \(context?.debugDescription ?? "cannot be read")", field: field)
    }

    /// Any error as clients see it.
    static func serviceError(_ error: any Error) -> ServiceError {
        switch error {
        case let error as ServiceError: error
        case let error as RPCError: ServiceError(error)
        case let error as JobStoreError:
            switch error {
            case .noSuchJob: ServiceError(.notFound, error.description, hint: "`tunectl jobs` lists them")
            case .diskFull(_, let available):
                ServiceError(.diskFull, error.description, hint: "free space in the state directory")
                    .withSpace(needed: nil, available: available)
            case .inputOutput: ServiceError(.inputOutput, error.description, hint: "try again; see the system's log")
            case .newerSchema, .failed: ServiceError(.internalError, error.description)
            }
        case let error as ModelFolder.NotFound: ServiceError(.notFound, error.description)
        case let error as SystemError: ServiceError(ErrorKind(error), error.description)
        default: ServiceError(.internalError, "\(error)")
        }
    }
}
