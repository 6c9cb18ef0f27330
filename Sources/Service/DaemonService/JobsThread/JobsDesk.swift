import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Synchronization

/// The jobs' side of `JobsThread`: its loop, its table and the requests that it has not answered. Used from that thread,
/// but for `read`.
///
/// `@unchecked Sendable`: whoever uses it holds `lock`, as its thread does except while it waits.
final class JobsDesk: @unchecked Sendable {
    /// What the other side is told.
    enum Message: Sendable {
        /// The answer to a question can be taken.
        case answer(UInt64)
        case notification(UInt64, method: String, parameters: JSONValue)
        case reply(UInt64, RPCMessage)
        case failure(any Error)
    }

    let jobs: JobTable
    private let loop: EventLoop
    private let outbox: LoopMailbox<Message>
    private let lock = Mutex(())
    private var requests: [UInt64: Relayed] = [:]
    /// Pieces of work from the other side that were done.
    private var done: UInt64 = 0

    /// A request of the other side, here.
    private final class Relayed {
        weak var request: IncomingRequest?
        /// Notifications that the other side has not passed on yet.
        var inTransit = 0
        var isCongested: Bool { inTransit >= RelayedRequest.window }
    }

    /// Opens the store and recovers its jobs.
    init(
        _ setup: JobsThread.Setup, inbox: LoopMailbox<@Sendable (JobsDesk) -> Void>, outbox: LoopMailbox<Message>
    ) throws {
        self.outbox = outbox
        loop = try EventLoop()
        jobs = JobTable(
            store: try JobStore(path: setup.stateDirectory + "/jobs.sqlite"), program: setup.program,
            stateDirectory: setup.stateDirectory, limits: setup.limits, groups: setup.groups, loop: loop,
            logger: setup.logger)
        try jobs.recover()
        try loop.register(inbox.descriptor.number, .read) { [weak self] _ in
            guard let self else { return }
            for work in inbox.take() {
                work(self)
                self.done += 1
            }
        }
    }

    /// Does what it is sent until it is stopped.
    func run() throws {
        try loop.run { handleRound in lock.withLock { _ in handleRound() } }
    }

    /// Has another thread look at the table, unless this one is at work or has something to do first.
    ///
    /// - Parameters:
    ///   - posted: pieces of work that must have been done
    ///   - look: changes nothing and registers nothing with the loop
    /// - Returns: whether it was called
    func read(after posted: UInt64, _ look: (JobTable) -> Void) -> Bool {
        lock.withLockIfAvailable { _ in
            guard done == posted else { return false }
            look(jobs)
            return true
        } ?? false
    }

    func stop() { loop.stop() }
    func send(_ message: Message) { outbox.send(message) }

    /// The request that stands here for one of the other side.
    func accept(_ original: RelayedRequest.Description) -> IncomingRequest {
        let (number, relayed) = (original.number, Relayed())
        let request = IncomingRequest(
            id: original.id, method: original.method, parameters: original.parameters,
            descriptors: original.descriptors,
            send: { [weak self] reply in
                self?.requests[number] = nil
                self?.send(.reply(number, reply))
            },
            notify: { [weak self] method, parameters in
                relayed.inTransit += 1
                self?.send(.notification(number, method: method, parameters: parameters))
            }, congestion: { relayed.isCongested })
        relayed.request = request
        requests[number] = relayed
        return request
    }

    func change(_ number: UInt64, _ change: RelayedRequest.Change) {
        guard let relayed = requests[number] else { return }
        switch change {
        case .cancelled: relayed.request?.cancel()
        case .passedOn(let count):
            let hadToWait = relayed.isCongested
            relayed.inTransit -= count
            if hadToWait, !relayed.isCongested { relayed.request?.onDrained() }
        }
    }
}
