import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

/// One `job.watch` that is being served.
///
/// A client that reads slowly holds nothing up and misses nothing: what happened before, and what it cannot take now,
/// is read from the store a page at a time when it can take more.
final class JobWatcher {
    /// The stored events after a number, at most so many.
    var stored: (Int64, Int) -> [JobEvent] = { _, _ in [] }
    fileprivate var waitsForTurn = false

    private let request: IncomingRequest
    private let turns: WatcherTurns
    private var lastSequence: Int64
    /// Whether what follows has to be read from the store.
    private var isBehind = true
    /// The answer that waits until the client has caught up.
    private var end: Job?

    /// Events that are read at a time: half a millisecond of the loop's thread.
    private static let page = 32

    init(request: IncomingRequest, lastSequence: Int64, turns: WatcherTurns) {
        self.request = request
        self.lastSequence = lastSequence
        self.turns = turns
        // Keeps the watcher until the request is answered, as it is at the latest when its connection ends.
        request.onDrained = { self.askForTurn() }
        request.onCancel = { self.cancel() }
    }

    /// Sends the job as it is; the events follow, in turns.
    func begin(_ job: Job, sequence: Int64) {
        if let value = try? JSONValue(encoding: job) {
            request.notify(
                JobSnapshotNotification.name, ["request": request.id.value, "job": value, "seq": .integer(sequence)])
        }
        askForTurn()
    }

    /// Sends events that have just been stored, unless others come first.
    func send(_ events: [JobEvent]) {
        if isBehind { return }
        for event in events where event.seq > lastSequence {
            if request.isCongested {
                isBehind = true
                return
            }
            request.notify(
                JobEventNotification.name,
                [
                    "request": request.id.value, "seq": .integer(event.seq), "kind": .string(event.kind.rawValue),
                    "at": .string(event.at), "fields": .object(event.fields),
                ])
            lastSequence = event.seq
        }
    }

    private func askForTurn() { if isBehind { turns.add(self) } }

    /// Sends the next page, and asks for another turn unless the client has to read first.
    fileprivate func takeTurn() {
        guard isBehind, !request.isAnswered, !request.isCongested else { return }
        let events = stored(lastSequence, Self.page)
        isBehind = false
        send(events)
        if isBehind { return }
        isBehind = events.count == Self.page
        askForTurn()
        if let end, !isBehind { finish(end) }
    }

    func finish(_ job: Job) {
        if isBehind {
            end = job
        } else {
            MethodDispatch.answer(request, .success(job))
        }
    }

    func cancel() { request.fail(.cancelled) }
}

/// Lets watchers that are behind read from the store one after the other, with the loop's other work in between: however
/// many there are, and however much they have to catch up with, everybody else waits for one page at most.
final class WatcherTurns {
    private let loop: EventLoop
    private var waiting: [JobWatcher] = []
    private var isDue = false

    init(loop: EventLoop) { self.loop = loop }

    func add(_ watcher: JobWatcher) {
        if watcher.waitsForTurn { return }
        watcher.waitsForTurn = true
        waiting.append(watcher)
        schedule()
    }

    private func schedule() {
        if isDue || waiting.isEmpty { return }
        isDue = true
        loop.after(0) { [weak self] in self?.next() }
    }

    private func next() {
        isDue = false
        let watcher = waiting.removeFirst()
        watcher.waitsForTurn = false
        watcher.takeTurn()
        schedule()
    }
}
