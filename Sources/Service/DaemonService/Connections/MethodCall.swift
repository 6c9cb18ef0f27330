import JSONRPC
import ServiceAPI
import StructuredLogging

/// What a handler gets, on whatever thread it runs.
protocol AnswerableCall<Method> {
    associatedtype Method: ServiceMethod
    var parameters: Method.Parameters { get }
    var caller: Caller { get }
    var request: IncomingRequest { get }
    var logger: Logger { get }
}

extension AnswerableCall {
    /// Answers later; every path must end in one of these.
    func succeed(_ result: Method.Result) { MethodDispatch.answer(request, .success(result)) }
    func fail(_ error: any Error) {
        MethodDispatch.logDenial(error, of: Method.name, caller, logger)
        request.fail(MethodDispatch.serviceError(error).rpcError)
    }
}

/// A call that is handled on the loop's thread, where nothing waits for a write to a disk.
struct MethodCall<Method: ServiceMethod>: AnswerableCall {
    let parameters: Method.Parameters
    let caller: Caller
    let daemon: Daemon
    let request: IncomingRequest
    var logger: Logger { daemon.logger }

    /// Goes on with the answer to a question about jobs; errors of both steps answer the call.
    func ask<Value: Sendable>(
        _ question: @escaping @Sendable (JobTable) throws -> Value, then: @escaping (Value) throws -> Void
    ) {
        daemon.jobs.ask(question) { answer in
            do { try then(try answer.get()) } catch { fail(error) }
        }
    }
}

/// A call that is handled on the jobs' thread, or while that is idle.
struct JobCall<Method: ServiceMethod>: AnswerableCall {
    let parameters: Method.Parameters
    let caller: Caller
    let jobs: JobTable
    let request: IncomingRequest
    var logger: Logger { jobs.logger }
}
