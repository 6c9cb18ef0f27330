package import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
package import ServiceAPI
import StructuredLogging

/// The one place where names meet handlers and errors meet the wire.
package enum MethodDispatch {
    /// What handles a method, and on which thread.
    private enum Handler {
        case onLoop((IncomingRequest, Caller, Daemon) -> Void)
        case amongJobs(onlyReads: Bool, @Sendable (IncomingRequest, Caller, JobTable) -> Void)
    }

    private static func onLoop<Method: ServiceMethod>(
        _ method: Method.Type, _ body: @escaping (MethodCall<Method>) throws -> Void
    ) -> (String, Handler) {
        let handler = { (request: IncomingRequest, caller: Caller, daemon: Daemon) in
            attempt(method, request, caller, daemon.logger) { parameters in
                if Method.access != .everyone { try caller.requireAdministrator(for: Method.name) }
                try body(MethodCall(parameters: parameters, caller: caller, daemon: daemon, request: request))
            }
        }
        return (Method.name, .onLoop(handler))
    }

    private static func onLoop<Method: ServiceMethod>(
        _ method: Method.Type, answer: @escaping (MethodCall<Method>) throws -> Method.Result
    ) -> (String, Handler) {
        onLoop(method) { call in call.succeed(try answer(call)) }
    }

    private static func amongJobs<Method: ServiceMethod>(
        _ method: Method.Type, onlyReads: Bool = false,
        _ body: @escaping @Sendable (JobCall<Method>) throws -> Void
    ) -> (String, Handler) {
        let handler = { @Sendable (request: IncomingRequest, caller: Caller, jobs: JobTable) in
            attempt(method, request, caller, jobs.logger) { parameters in
                if Method.access == .owner, let id = (parameters as? any JobAddressing)?.job {
                    try caller.require(owner: jobs.store.job(id).job.owner, job: id)
                } else if Method.access == .administrator {
                    try caller.requireAdministrator(for: Method.name)
                }
                try body(JobCall(parameters: parameters, caller: caller, jobs: jobs, request: request))
            }
        }
        return (Method.name, .amongJobs(onlyReads: onlyReads, handler))
    }

    private static func amongJobs<Method: ServiceMethod>(
        _ method: Method.Type, answer: @escaping @Sendable (JobCall<Method>) throws -> Method.Result
    ) -> (String, Handler) {
        amongJobs(method) { call in call.succeed(try answer(call)) }
    }

    private static func reading<Method: ServiceMethod>(
        _ method: Method.Type, _ answer: @escaping @Sendable (JobCall<Method>) throws -> Method.Result
    ) -> (String, Handler) {
        amongJobs(method, onlyReads: true) { call in call.succeed(try answer(call)) }
    }

    /// Reads the parameters and goes on with them; errors answer the request. Who may call a method is decided before
    /// its handler runs.
    private static func attempt<Method: ServiceMethod>(
        _ method: Method.Type, _ request: IncomingRequest, _ caller: Caller, _ logger: Logger,
        _ body: (Method.Parameters) throws -> Void
    ) {
        do {
            try body(decode(method, request.parameters))
        } catch {
            logDenial(error, of: Method.name, caller, logger)
            request.fail(serviceError(error).rpcError)
        }
    }

    /// Denials are for the journal too, also of places where the service itself may not write: somebody asked for them.
    static func logDenial(_ error: any Error, of method: String, _ caller: Caller, _ logger: Logger) {
        guard let error = error as? ServiceError, error.kind == .permission else { return }
        let (user, process) = (String(caller.user), String(caller.process))
        if let job = error.job {
            logger.log(.accessDenied, ["user": user, "process": process, "method": method, "job": job])
        } else {
            logger.log(.accessDenied, ["user": user, "process": process, "method": method])
        }
    }

    // Made once, then read by the loop's thread alone.
    nonisolated(unsafe) private static let handlers: [String: Handler] = Dictionary(
        uniqueKeysWithValues: [
            onLoop(ConfigFiles.self, listConfigurationFiles), onLoop(ConfigPlan.self, planRun),
            onLoop(ConfigSchema.self, answer: describeConfiguration),
            onLoop(ConfigValidate.self, answer: validateConfiguration),
            onLoop(DatasetPreview.self, previewDataset),
            onLoop(Discover.self, answer: { _ in try OpenRPCDocument.current.get() }),
            onLoop(SystemInfo.self, describeSystem), onLoop(SystemShutdown.self, answer: shutDown),
            amongJobs(JobCancel.self, answer: cancelJob), amongJobs(JobCheckpointNow.self, saveCheckpoint),
            amongJobs(JobFetch.self, answer: fetchJobFile), amongJobs(JobFiles.self, answer: listJobFiles),
            amongJobs(JobFork.self, answer: forkJob), reading(JobGet.self, showJob),
            reading(JobList.self, listJobs), reading(JobLogs.self, readJobLog),
            amongJobs(JobMetrics.self, answer: readMetrics), amongJobs(JobPause.self, answer: pauseJob),
            amongJobs(JobPrioritize.self, answer: prioritizeJob), amongJobs(JobRemove.self, answer: removeJob),
            amongJobs(JobRequeue.self, answer: requeueJob), amongJobs(JobResume.self, answer: resumeJob),
            amongJobs(JobSubmit.self, submitJob), amongJobs(JobWait.self, waitForJobs),
            amongJobs(JobWatch.self, watchJob),
            onLoop(ModelList.self, answer: listModels), onLoop(ModelLoad.self, loadModel),
            onLoop(ModelUnload.self, unloadModel), onLoop(AdapterList.self, listAdapters),
            onLoop(AdapterLoad.self, loadAdapter), onLoop(AdapterUnload.self, unloadAdapter),
            onLoop(Generate.self) { try forwardToModel($0, WorkerMethod.generate) },
            onLoop(Chat.self) { try forwardToModel($0, WorkerMethod.chat) },
            onLoop(Tokenize.self) { try forwardToModel($0, WorkerMethod.tokenize) },
            onLoop(Detokenize.self) { try forwardToModel($0, WorkerMethod.detokenize) },
            onLoop(LogProbabilities.self) { try forwardToModel($0, WorkerMethod.logProbabilities) },
            onLoop(Score.self) { try forwardToModel($0, WorkerMethod.score) },
        ])

    static func handle(_ request: IncomingRequest, caller: Caller, daemon: Daemon) {
        switch handlers[request.method] {
        case .onLoop(let handler)?: handler(request, caller, daemon)
        case .amongJobs(let onlyReads, let handler)?:
            daemon.jobs.relay(request, onlyReads: onlyReads) { handler($0, caller, $1) }
        case nil: request.fail(.methodNotFound(request.method))
        }
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
