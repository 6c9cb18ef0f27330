package import JSONDocuments
import LinuxSystem

/// A request that waits for its answer. It is answered exactly once: also when nobody does, when it is dropped.
package final class IncomingRequest {
    package let id: RPCIdentifier
    package let method: String
    package let parameters: JSONValue?
    /// Called when the sender cancels the request or goes away, also when it has done so already. The request still needs
    /// its answer.
    package var onCancel: () -> Void = {} {
        didSet { if isCancelled && !isAnswered { onCancel() } }
    }
    /// Called when the sender has read everything that was sent to it.
    package var onDrained: () -> Void = {}
    package private(set) var isCancelled = false
    package private(set) var isAnswered = false

    private var descriptors: [Int32]
    private let send: (RPCMessage) -> Void
    private let notifySender: (String, JSONValue) -> Void
    private let congestion: () -> Bool

    /// - Parameters:
    ///   - descriptors: taken over
    ///   - send: gets the answer
    ///   - notify: gets notifications, until the answer
    ///   - congestion: whether the sender has more unread than it should
    package init(
        id: RPCIdentifier, method: String, parameters: JSONValue?, descriptors: [Int32],
        send: @escaping (RPCMessage) -> Void, notify: @escaping (String, JSONValue) -> Void,
        congestion: @escaping () -> Bool
    ) {
        self.id = id
        self.method = method
        self.parameters = parameters
        self.descriptors = descriptors
        self.send = send
        notifySender = notify
        self.congestion = congestion
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
        onDrained = {}
        send(message)
    }

    /// Sends a notification to whoever sent the request.
    package func notify(_ method: String, _ parameters: JSONValue) {
        if !isAnswered { notifySender(method, parameters) }
    }

    /// Whether the sender reads more slowly than it is sent to; who has a lot to send waits for `onDrained`.
    package var isCongested: Bool { congestion() }

    /// Takes the descriptors that came with the request, or the first of them; the caller closes them.
    package func takeDescriptors(first count: Int = .max) -> [Int32] {
        defer { descriptors.removeFirst(min(count, descriptors.count)) }
        return Array(descriptors.prefix(count))
    }

    /// Tells whoever handles the request that its sender has cancelled it or has gone away.
    package func cancel() {
        if isCancelled || isAnswered { return }
        isCancelled = true
        onCancel()
    }
}
