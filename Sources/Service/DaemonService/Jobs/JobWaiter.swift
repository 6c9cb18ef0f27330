import JSONRPC
import LinuxSystem
import ServiceAPI

/// One `job.wait` that is being served.
final class JobWaiter {
    private let request: IncomingRequest
    /// Jobs that have not ended.
    private(set) var remaining: Set<String>
    private let finish: (IncomingRequest) -> Void
    var timer: EventLoop.TimerToken?

    /// - Parameter finish: answers when all have ended
    init(request: IncomingRequest, remaining: Set<String>, finish: @escaping (IncomingRequest) -> Void) {
        self.request = request
        self.remaining = remaining
        self.finish = finish
    }

    func ended(_ id: String) {
        remaining.remove(id)
        if remaining.isEmpty { finish(request) }
    }

    func fail(_ error: ServiceError) { request.fail(error.rpcError) }
    func cancel() { request.fail(.cancelled) }
}
