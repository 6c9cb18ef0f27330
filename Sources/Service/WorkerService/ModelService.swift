import Foundation
import Glibc
import JSONDocuments
package import JSONRPC
package import LinuxSystem
import ServiceAPI
import Synchronization

/// Takes requests to models from the event loop's thread and has them answered on a thread of their own.
///
/// Requests are answered in the order in which they came. Cancelling overtakes: one that waits is dropped, one that
/// runs stops at its next token.
package final class ModelService {
    private let outbox: Outbox
    private let inbox = Inbox()
    /// Requests that wait for their answer, by the number under which the other thread knows them.
    private var waiting: [UInt64: IncomingRequest] = [:]
    private var nextNumber: UInt64 = 0

    /// - Parameter loop: the loop whose thread calls `accept`
    package init(loop: EventLoop) throws {
        outbox = try Outbox()
        try loop.register(outbox.descriptor.number, .read) { [weak self] _ in self?.deliver() }
        let (inbox, outbox) = (inbox, outbox)
        let thread = Thread {
            let requests = ModelRequests()
            while true { inbox.take().run(with: requests, to: outbox) }
        }
        thread.name = "models"
        thread.stackSize = 16 << 20
        thread.start()
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
            case .result(let number, let value): waiting.removeValue(forKey: number)?.succeed(value)
            case .failure(let number, let error): waiting.removeValue(forKey: number)?.fail(error)
            }
        }
    }
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

    func run(with requests: ModelRequests, to outbox: Outbox) {
        let number = number
        do {
            if cancellation.isCancelled { throw ServiceError(.cancelled, "the request was cancelled before it began") }
            let cancellation = cancellation
            let exchange = ModelRequests.Exchange(
                progress: { outbox.add(.progress(number, $0)) }, isCancelled: { cancellation.isCancelled })
            outbox.add(.result(number, try requests.answer(method, parameters, exchange)))
        } catch let error as ServiceError {
            outbox.add(.failure(number, error.rpcError))
        } catch {
            outbox.add(.failure(number, ServiceError(modelFailure: error).rpcError))
        }
    }
}

/// Requests that wait for the models' thread.
private final class Inbox: Sendable {
    private let queue = Mutex<[Work]>([])
    private let available = DispatchSemaphore(value: 0)

    func add(_ work: Work) {
        queue.withLock { $0.append(work) }
        available.signal()
    }

    /// Waits for the next request.
    func take() -> Work {
        while true {
            available.wait()
            if let work = queue.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return work }
        }
    }
}

/// Answers that wait for the loop's thread; its descriptor is readable while there are any.
private final class Outbox: Sendable {
    enum Message: Sendable {
        case progress(UInt64, JSONValue)
        case result(UInt64, JSONValue)
        case failure(UInt64, RPCError)
    }

    let descriptor: FileDescriptor
    private let signal: FileDescriptor
    private let queue = Mutex<[Message]>([])

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = FileDescriptor(owning: ends[0])
        signal = FileDescriptor(owning: ends[1])
    }

    func add(_ message: Message) {
        queue.withLock { $0.append(message) }
        // A full pipe is readable already, so a byte that does not fit is not missed.
        _ = [UInt8(1)].withUnsafeBytes { write(signal.number, $0.baseAddress, 1) }
    }

    func take() -> [Message] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // Read first: a message added afterwards makes the pipe readable again.
        _ = bytes.withUnsafeMutableBytes { read(descriptor.number, $0.baseAddress, $0.count) }
        return queue.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
