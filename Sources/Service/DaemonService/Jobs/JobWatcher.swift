import JSONDocuments
import JSONRPC
import ServiceAPI

/// One `job.watch` that is being served.
final class JobWatcher {
    private let request: IncomingRequest
    private var lastSequence: Int64

    init(request: IncomingRequest, lastSequence: Int64) {
        self.request = request
        self.lastSequence = lastSequence
    }

    func sendSnapshot(_ job: Job, sequence: Int64) {
        guard let value = try? JSONValue(encoding: job) else { return }
        request.notify("job.snapshot", ["request": request.id.value, "job": value, "seq": .integer(sequence)])
    }

    /// Sends the events that it has not seen, in order.
    func send(_ events: [JobEvent]) {
        for event in events where event.seq > lastSequence {
            guard let fields = (try? JSONValue(encoding: event))?.object else { continue }
            var message: JSONObject = ["request": request.id.value]
            for (name, value) in fields { message[name] = value }
            request.notify("job.event", .object(message))
            lastSequence = event.seq
        }
    }

    func finish(_ job: Job) { MethodDispatch.answer(request, .success(job)) }
    func cancel() { request.fail(.cancelled) }
}
