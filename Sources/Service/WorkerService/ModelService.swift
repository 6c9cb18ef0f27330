package import JSONDocuments
package import JSONRPC
package import LinuxSystem
import ServiceAPI
import Synchronization

/// Takes requests to models from the event loop's thread and has them answered on a thread of their own.
///
/// Requests are answered in the order in which they came. Cancelling overtakes: one that waits is dropped, one that
/// runs stops at its next token.
package final class ModelService {
    /// Sends a notification to the daemon.
    package var notify: (String, JSONValue) -> Void = { _, _ in }

    private let outbox: LoopMailbox<Message>
    private let inbox = BlockingQueue<Work>()
    /// Requests that wait for their answer, by the number under which the other thread knows them.
    private var waiting: [UInt64: IncomingRequest] = [:]
    private var nextNumber: UInt64 = 0

    /// - Parameter loop: the loop whose thread calls `accept`
    package init(loop: EventLoop) throws {
        outbox = try LoopMailbox()
        try loop.register(outbox.descriptor.number, .read) { [weak self] _ in self?.deliver() }
        let (inbox, outbox) = (inbox, outbox)
        try DedicatedThread.start("models", stackSize: 16 << 20) {
            let requests = ModelRequests()
            while true { inbox.take().run(with: requests, to: outbox) }
        }
    }

    /// Whether the request is one to a model; it will then be answered.
    package func accept(_ request: IncomingRequest) -> Bool {
        guard ModelRequests.methods.contains(request.method) else { return false }
        nextNumber += 1
        let cancellation = Cancellation()
        request.onCancel = { cancellation.cancel() }
        waiting[nextNumber] = request
        inbox.add(
            Work(
                number: nextNumber, method: request.method, parameters: request.parameters, cancellation: cancellation))
        return true
    }

    private func deliver() {
        for message in outbox.take() {
            switch message {
            case .progress(let number, let value):
                guard let request = waiting[number] else { continue }
                request.notify("$/progress", ["request": request.id.value, "value": value])
            case .adapters(let adapters):
                if let value = try? JSONValue(encoding: WorkerAdapters(adapters: adapters)) {
                    notify(WorkerAdapters.name, value)
                }
            case .result(let number, let value): waiting.removeValue(forKey: number)?.succeed(value)
            case .failure(let number, let error): waiting.removeValue(forKey: number)?.fail(error)
            }
        }
    }
}

/// What the models' thread tells the loop's thread.
private enum Message: Sendable {
    case progress(UInt64, JSONValue)
    case adapters([ResidentAdapter])
    case result(UInt64, JSONValue)
    case failure(UInt64, RPCError)
}

/// Set on the loop's thread, read on the models' thread.
private final class Cancellation: Sendable {
    private let flag = Atomic(false)

    func cancel() { flag.store(true, ordering: .relaxed) }
    var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// A request on its way to the models' thread.
private struct Work: Sendable {
    var number: UInt64
    var method: String
    var parameters: JSONValue?
    var cancellation: Cancellation

    func run(with requests: ModelRequests, to outbox: LoopMailbox<Message>) {
        let number = number
        do {
            if cancellation.isCancelled { throw ServiceError(.cancelled, "the request was cancelled before it began") }
            let cancellation = cancellation
            // The daemon knows of an adapter before whoever asked for it.
            func tellAdapters() {
                if let adapters = requests.takeAdapterChange() { outbox.send(.adapters(adapters)) }
            }
            var hasSpoken = false
            let exchange = ModelRequests.Exchange(
                progress: { value in
                    if !hasSpoken { tellAdapters() }
                    hasSpoken = true
                    outbox.send(.progress(number, value))
                }, isCancelled: { cancellation.isCancelled })
            let answer = Result { try requests.answer(method, parameters, exchange) }
            tellAdapters()
            outbox.send(.result(number, try answer.get()))
        } catch let error as ServiceError {
            outbox.send(.failure(number, error.rpcError))
        } catch {
            outbox.send(.failure(number, ServiceError(modelFailure: error).rpcError))
        }
    }
}
