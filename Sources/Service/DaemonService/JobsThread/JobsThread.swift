import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import StructuredLogging
import Synchronization
import WorkerSupervision

/// The thread that owns the job store, the figures and the table of jobs: what waits for a disk does so there, while the
/// loop's thread goes on serving connections and models.
///
/// Values go from one thread to the other and come back; each thread handles them in the order in which they were posted.
/// What only reads is done on the loop's thread while the other one is idle: going there and back would take longer.
/// A request about jobs is answered when its transaction is on the disk, as if there were one thread. Its workers end
/// with it, as the kernel counts threads as parents. Everything here is used from the loop's thread.
final class JobsThread {
    /// What the thread is started with.
    struct Setup: Sendable {
        var stateDirectory: String
        var limits: DaemonLimits
        var program: WorkerProgram
        var groups: ControlGroups?
        var logger: Logger
    }

    /// Called when the thread cannot go on.
    var onFailure: (any Error) -> Void = { _ in }

    private let desk: JobsDesk
    private let inbox: LoopMailbox<@Sendable (JobsDesk) -> Void>
    private let outbox: LoopMailbox<JobsDesk.Message>
    private let loop: EventLoop
    private let ended = BlockingQueue<Void>()
    /// What to do with answers, by the number of their question.
    private var waiting: [UInt64: () -> Void] = [:]
    private var nextNumber: UInt64 = 0
    private var requests: [UInt64: RelayedRequest] = [:]
    /// Messages that have come and wait for their turn.
    private var arrived: [JobsDesk.Message] = []
    private var turnIsDue = false
    private var isPassing = false
    /// Pieces of work that were sent.
    private var posted: UInt64 = 0

    /// Messages that are handled before connections have their turn.
    private static let messagesPerTurn = 64

    /// Starts the thread and waits until it has opened the store and recovered its jobs.
    ///
    /// - Throws: what kept it from doing so
    init(_ setup: Setup, loop: EventLoop) throws {
        self.loop = loop
        inbox = try LoopMailbox()
        outbox = try LoopMailbox()
        let started = BlockingQueue<Result<JobsDesk, any Error>>()
        let (inbox, outbox, ended) = (inbox, outbox, ended)
        // Configurations are parsed on it, so it has the stack of a first thread.
        try DedicatedThread.start("jobs", stackSize: 8 << 20) {
            do {
                let desk = try JobsDesk(setup, inbox: inbox, outbox: outbox)
                started.add(.success(desk))
                do { try desk.run() } catch { outbox.send(.failure(error)) }
            } catch {
                started.add(.failure(error))
            }
            ended.add(())
        }
        desk = try started.take().get()
        try loop.register(outbox.descriptor.number, .read) { [weak self] _ in self?.receive() }
    }

    /// Waits until the thread has ended and passes on what it has said last, so that nothing is done and not answered;
    /// `stopAll` comes before.
    func finish() {
        ended.take()
        pass(arrived + outbox.take())
        arrived = []
    }

    // MARK: To the thread

    private func send(_ work: @escaping @Sendable (JobsDesk) -> Void) {
        posted += 1
        inbox.send(work)
    }

    /// Has something done there.
    func post(_ work: @escaping @Sendable (JobTable) -> Void) { send { work($0.jobs) } }

    /// Has something done there; `completion` gets what comes of it on the loop's thread.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (JobTable) throws -> Value,
        completion: @escaping (Result<Value, any Error>) -> Void
    ) {
        nextNumber += 1
        let (number, answer) = (nextNumber, Answer<Value>())
        waiting[number] = { if let result = answer.take() { completion(result) } }
        send { desk in
            answer.put(Result { try work(desk.jobs) })
            desk.send(.answer(number))
        }
    }

    /// Asks something that changes nothing.
    func ask<Value: Sendable>(
        _ question: @escaping @Sendable (JobTable) throws -> Value,
        completion: @escaping (Result<Value, any Error>) -> Void
    ) {
        var answer: Result<Value, any Error>?
        let isAnswered = read { jobs in answer = Result { try question(jobs) } }
        if isAnswered, let answer { completion(answer) } else { perform(question, completion: completion) }
    }

    /// Has a request handled there. It is answered, cancelled and sent progress as if it had come there.
    ///
    /// - Parameter onlyReads: whether the handler changes nothing
    func relay(
        _ request: IncomingRequest, onlyReads: Bool, to handler: @escaping @Sendable (IncomingRequest, JobTable) -> Void
    ) {
        if onlyReads, read({ jobs in handler(request, jobs) }) { return }
        nextNumber += 1
        let number = nextNumber
        let relayed = RelayedRequest(request, number: number) { [weak self] change in
            self?.send { desk in desk.change(number, change) }
        }
        requests[number] = relayed
        let original = relayed.description
        send { desk in handler(desk.accept(original), desk.jobs) }
        relayed.listen()
    }

    /// Looks at the table here; false when it has to be done there.
    private func read(_ look: (JobTable) -> Void) -> Bool {
        if isPassing { return false }
        return desk.read(after: posted) { jobs in
            // What was answered before goes first.
            receive()
            look(jobs)
        }
    }

    /// Stops every worker with a checkpoint; called when all have ended and the thread ends.
    func stopAll(completion: @escaping () -> Void) {
        nextNumber += 1
        let number = nextNumber
        waiting[number] = completion
        send { desk in
            desk.jobs.stopAll {
                desk.send(.answer(number))
                desk.stop()
            }
        }
    }

    // MARK: From the thread

    private func receive() {
        arrived += outbox.take()
        if !turnIsDue { takeTurn() }
    }

    /// Passes on a bounded number of messages, so that many watchers leave time for others.
    private func takeTurn() {
        let now = arrived.prefix(Self.messagesPerTurn)
        arrived.removeFirst(now.count)
        pass(Array(now))
        turnIsDue = !arrived.isEmpty
        if turnIsDue { loop.after(0) { [weak self] in self?.takeTurn() } }
    }

    private func pass(_ messages: [JobsDesk.Message]) {
        isPassing = true
        defer { isPassing = false }
        for message in messages {
            switch message {
            case .answer(let number): waiting.removeValue(forKey: number)?()
            case .notification(let number, let method, let parameters):
                requests[number]?.notify(method, parameters)
            case .reply(let number, let reply): requests.removeValue(forKey: number)?.answer(reply)
            case .failure(let error): onFailure(error)
            }
        }
    }
}

/// An answer on its way from one thread to another: put in by one, taken out once by the other.
private final class Answer<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)

    func put(_ result: Result<Value, any Error>) { value.withLock { $0 = result } }

    func take() -> Result<Value, any Error>? {
        value.withLock { value in
            defer { value = nil }
            return value
        }
    }
}
