import JSONDocuments
import JSONRPC

/// A request that the jobs' thread handles, on the side where it came: what is sent to it there is passed on here, and
/// what becomes of it here is told there.
///
/// It belongs to the request's closures, so it is there until the request is answered.
final class RelayedRequest {
    /// What the other side has to know of it.
    struct Description: Sendable {
        let number: UInt64
        let id: RPCIdentifier
        let method: String
        let parameters: JSONValue?
        let descriptors: [Int32]
    }

    /// What the other side is told.
    enum Change: Sendable {
        case cancelled
        /// So many notifications have reached the connection.
        case passedOn(Int)
    }

    private enum Message {
        case notification(method: String, parameters: JSONValue)
        case reply(RPCMessage)
    }

    /// Notifications that the other side sends before it waits for some to be passed on.
    static let window = 256
    /// Notifications passed on before the other side is told.
    private static let told = 64

    let description: Description
    private let request: IncomingRequest
    private let tell: (Change) -> Void
    /// What waits until the sender of the request has read what came before.
    private var held: [Message] = []
    private var passedOn = 0

    /// Takes over the descriptors that came with the request.
    ///
    /// - Parameter tell: tells the other side
    init(_ request: IncomingRequest, number: UInt64, tell: @escaping (Change) -> Void) {
        self.request = request
        self.tell = tell
        description = Description(
            number: number, id: request.id, method: request.method, parameters: request.parameters,
            descriptors: request.takeDescriptors())
    }

    /// Begins to tell the other side, which knows of the request.
    func listen() {
        request.onDrained = { self.passOn() }
        request.onCancel = {
            self.tell(.cancelled)
            self.passOn()
        }
    }

    func notify(_ method: String, _ parameters: JSONValue) {
        held.append(.notification(method: method, parameters: parameters))
        passOn()
    }

    /// The answer waits for what was sent before it, and for nothing else.
    func answer(_ reply: RPCMessage) {
        if held.isEmpty { return finish(reply) }
        held.append(.reply(reply))
        passOn()
    }

    private func passOn() {
        // Nobody waits for progress any more, but for the answer.
        if request.isCancelled {
            let notifications = held.count
            held.removeAll { if case .notification = $0 { true } else { false } }
            passedOn += notifications - held.count
        }
        while let next = held.first, request.isCancelled || !request.isCongested {
            held.removeFirst()
            switch next {
            case .notification(let method, let parameters):
                request.notify(method, parameters)
                passedOn += 1
            case .reply(let reply): finish(reply)
            }
        }
        guard passedOn >= Self.told else { return }
        tell(.passedOn(passedOn))
        passedOn = 0
    }

    private func finish(_ reply: RPCMessage) {
        switch reply {
        case .response(_, let result): request.succeed(result)
        case .failure(_, let error): request.fail(error)
        case .request, .notification: return
        }
    }
}
