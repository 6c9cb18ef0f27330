import JSONDocuments
import JSONRPC
import ServiceAPI

/// One `job.watch` that is being served.
///
/// A client that reads slowly holds nothing up and misses nothing: what it cannot take now is read from the store when
/// it has caught up.
final class JobWatcher {
    /// The stored events after a number.
    var stored: (Int64) -> [JobEvent] = { _ in [] }

    private let request: IncomingRequest
    private var lastSequence: Int64
    private var isBehind = false
    /// The answer that waits until the client has caught up.
    private var end: Job?

    init(request: IncomingRequest, lastSequence: Int64) {
        self.request = request
        self.lastSequence = lastSequence
        // Keeps the watcher until the request is answered, as it is at the latest when its connection ends.
        request.onDrained = { self.catchUp() }
        request.onCancel = { self.cancel() }
    }

    func sendSnapshot(_ job: Job, sequence: Int64) {
        guard let value = try? JSONValue(encoding: job) else { return }
        request.notify(
            JobSnapshotNotification.name, ["request": request.id.value, "job": value, "seq": .integer(sequence)])
    }

    /// Sends the events that it has not seen, in order.
    func send(_ events: [JobEvent]) {
        if isBehind { return }
        for event in events where event.seq > lastSequence {
            if request.isCongested {
                isBehind = true
                return
            }
            guard let fields = (try? JSONValue(encoding: event))?.object else { continue }
            var message: JSONObject = ["request": request.id.value]
            for (name, value) in fields { message[name] = value }
            request.notify(JobEventNotification.name, .object(message))
            lastSequence = event.seq
        }
    }

    private func catchUp() {
        guard isBehind else { return }
        isBehind = false
        send(stored(lastSequence))
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
