package import JSONDocuments
import LinuxSystem

/// A request that waits for its answer. It is answered exactly once: also when nobody does, when it is dropped.
package final class IncomingRequest {
    package let id: RPCIdentifier
    package let method: String
    package let parameters: JSONValue?
    /// Called when the sender cancels the request or goes away. The request still needs its answer.
    package var onCancel: () -> Void = {}
    package private(set) var isCancelled = false
    package private(set) var isAnswered = false

    private var descriptors: [Int32]
    private let send: (RPCMessage) -> Void
    private let notifySender: (String, JSONValue) -> Void

    init(
        id: RPCIdentifier, method: String, parameters: JSONValue?, descriptors: [Int32],
        send: @escaping (RPCMessage) -> Void, notify: @escaping (String, JSONValue) -> Void
    ) {
        self.id = id
        self.method = method
        self.parameters = parameters
        self.descriptors = descriptors
        self.send = send
        notifySender = notify
    }

    deinit {
        fail(.internal("the request was dropped without an answer"))
        descriptors.forEach(closeDescriptor)
    }

    package func succeed(_ result: JSONValue) { answer(.response(id: id, result: result)) }
    package func fail(_ error: RPCError) { answer(.failure(id: id, error)) }

    private func answer(_ message: RPCMessage) {
        if isAnswered { return }
        isAnswered = true
        onCancel = {}
        send(message)
    }

    /// Sends a notification to whoever sent the request.
    package func notify(_ method: String, _ parameters: JSONValue) {
        if !isAnswered { notifySender(method, parameters) }
    }

    /// Takes the descriptors that came with the request; the caller closes them.
    package func takeDescriptors() -> [Int32] {
        defer { descriptors = [] }
        return descriptors
    }

    func cancel() {
        if isCancelled || isAnswered { return }
        isCancelled = true
        onCancel()
    }
}
