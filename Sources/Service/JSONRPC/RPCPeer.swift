package import JSONDocuments
package import LinuxSystem

/// One end of a JSON-RPC 2.0 connection: calls the other end, and answers its calls.
package final class RPCPeer {
    /// Answers a request; it may keep the request and answer later.
    package var onRequest: (IncomingRequest) -> Void = { $0.fail(.methodNotFound($0.method)) }
    package var onNotification: (String, JSONValue?) -> Void = { _, _ in }
    package var onClose: (ByteConnection.CloseReason) -> Void = { _ in }
    /// Called when something was received and the last message is still incomplete.
    package var onPartial: () -> Void = {}

    private let connection: ByteConnection
    private let limits: RPCLimits
    private var framer: MessageFramer
    private var incoming: [RPCIdentifier: WeakRequest] = [:]
    private var inFlight = 0
    private var pending: [Int64: (Result<JSONValue, RPCError>) -> Void] = [:]
    private var nextCall: Int64 = 0
    private var descriptors: [Int32] = []
    private let loop: EventLoop
    /// More messages wait for this connection's next turn.
    private var turnIsDue = false
    private var isHandling = false
    private var senderHasFinished = false
    /// Nothing more of what is received counts.
    private var isFinished = false
    private var partialSince: UInt64?

    private struct WeakRequest { weak var request: IncomingRequest? }

    package init(
        _ descriptor: consuming FileDescriptor, loop: EventLoop, limits: RPCLimits = RPCLimits()
    ) throws(SystemError) {
        self.limits = limits
        self.loop = loop
        framer = MessageFramer(limit: limits.messageBytes)
        connection = try ByteConnection(descriptor, loop: loop, outgoingLimit: limits.outgoingBytes)
        connection.onBytes = { [weak self] bytes, descriptors in self?.receive(bytes, descriptors) }
        connection.onEnd = { [weak self] in self?.senderFinished() }
        connection.onDrained = { [weak self] in self?.drained() }
        connection.onClose = { [weak self] reason in self?.ended(reason) }
    }

    // MARK: Calling

    /// Sends a request; `completion` gets its answer, or `-32000` when the connection ends first.
    ///
    /// - Parameter descriptors: sent along; they are closed here afterwards.
    /// - Returns: the id, for `cancel`.
    @discardableResult
    package func call(
        _ method: String, _ parameters: JSONValue?, passing descriptors: [Int32] = [],
        completion: @escaping (Result<JSONValue, RPCError>) -> Void
    ) -> Int64 {
        nextCall += 1
        if connection.isClosed {
            descriptors.forEach(closeDescriptor)
            loop.after(0) { completion(.failure(Self.ended)) }
            return nextCall
        }
        pending[nextCall] = completion
        let message = RPCMessage.request(id: .integer(nextCall), method: method, parameters: parameters)
        connection.send(framer.framed(message), passing: descriptors)
        return nextCall
    }

    package func notify(_ method: String, _ parameters: JSONValue?) {
        connection.send(framer.framed(.notification(method: method, parameters: parameters)))
    }

    /// Whether a call has not been answered yet.
    package var awaitsAnswers: Bool { !pending.isEmpty }

    /// Asks the other end to stop a call; its answer still comes.
    package func cancel(_ call: Int64) { notify("$/cancelRequest", ["id": .integer(call)]) }

    package func close() { connection.close() }
    package func closeWhenSent() { connection.closeWhenSent() }

    // MARK: Receiving

    private func receive(_ bytes: [UInt8], _ received: [Int32]) {
        descriptors += received
        if isFinished { return }
        if descriptors.count > limits.descriptors {
            refuse(.invalidRequest("more than \(limits.descriptors) descriptors wait for a request"))
            return
        }
        framer.append(bytes)
        handleWaiting()
    }

    /// Handles a bounded number of messages; what is left has its next turn after the other connections.
    private func handleWaiting() {
        isHandling = true
        handleTurn()
        isHandling = false
        closeIfIdle()
    }

    private func handleTurn() {
        turnIsDue = false
        let end = MonotonicClock.nanoseconds + limits.turnNanoseconds
        do throws(MessageFramer.Failure) {
            for _ in 0..<limits.messagesPerTurn {
                if connection.isClosed || isFinished { return }
                if isCongested {
                    connection.isReadingPaused = true
                    return
                }
                guard let message = try framer.next() else {
                    allIsHandled()
                    return
                }
                partialSince = nil
                handle(RPCLine(message, limits: limits))
                if MonotonicClock.nanoseconds > end { break }
            }
        } catch {
            refuse(.parse("\(error)"))
            return
        }
        connection.isReadingPaused = true
        turnIsDue = true
        loop.after(0) { [weak self] in self?.handleWaiting() }
    }

    private func allIsHandled() {
        if senderHasFinished {
            if let last = framer.rest() { handle(RPCLine(last, limits: limits)) }
        } else if framer.waitingBytes > 0 {
            if partialSince == nil || connection.isReadingPaused { partialSince = MonotonicClock.nanoseconds }
            onPartial()
        }
        connection.isReadingPaused = false
    }

    /// Whether the peer has more unread than it should.
    private var isCongested: Bool { limits.congestedBytes.map { connection.waitingBytes > $0 } ?? false }

    private func drained() {
        if connection.isReadingPaused && !turnIsDue { handleWaiting() }
        for entry in incoming.values { entry.request?.onDrained() }
        closeIfIdle()
    }

    /// The other end has sent its last byte; it still gets its answers.
    private func senderFinished() {
        senderHasFinished = true
        if !turnIsDue { handleWaiting() }
    }

    private func closeIfIdle() {
        let hasNothingToDo = !isHandling && !turnIsDue && inFlight == 0 && !isCongested
        if senderHasFinished && hasNothingToDo { connection.closeWhenSent(.endOfStream) }
    }

    /// Bytes of a message that is not complete.
    package var partialBytes: Int { framer.waitingBytes }

    /// Since when a message has been incomplete, on the monotonic clock; nil when none is or nothing is being received.
    package var incompleteSince: UInt64? { connection.isReadingPaused ? nil : partialSince }

    /// Answers nobody in particular with an error and closes.
    package func refuse(_ error: RPCError) {
        if isFinished { return }
        isFinished = true
        reply(.failure(id: .null, error))
        connection.isReadingPaused = true
        connection.closeWhenSent()
        // Who does not read the error either is not waited for.
        loop.after(5) { [weak connection] in connection?.close() }
    }

    private func reply(_ message: RPCMessage) { connection.send(framer.framed(message)) }

    private func handle(_ line: RPCLine) {
        switch line {
        case .unreadable(let error): reply(.failure(id: .null, error))
        case .single(let message): handle(message) { [weak self] in self?.reply($0) }
        case .batch(let messages): handle(batch: messages)
        }
    }

    /// The answers of a batch are one array in the order of its requests, sent when the last is there; without requests
    /// nothing is sent.
    private func handle(batch messages: [Result<RPCMessage, RPCMessageFailure>]) {
        let places = messages.indices.filter { place in
            switch messages[place] {
            case .success(.request), .failure: true
            default: false
            }
        }
        var answers: [Int: JSONValue] = [:]
        for (place, message) in messages.enumerated() {
            handle(message) { [weak self] answer in
                guard let self else { return }
                answers[place] = answer.value
                if answers.count == places.count {
                    let all = JSONValue.array(places.compactMap { answers[$0] })
                    self.connection.send(self.framer.framed(all.serializedBytes(.compact) + [10]))
                }
            }
        }
    }

    private func handle(
        _ message: Result<RPCMessage, RPCMessageFailure>, answer: @escaping (RPCMessage) -> Void
    ) {
        switch message {
        case .failure(let failure): answer(.failure(id: failure.id, .invalidRequest(failure.reason)))
        case .success(.request(let id, let method, let parameters)):
            accept(id: id, method: method, parameters: parameters, answer: answer)
        case .success(.notification(let method, let parameters)):
            if method == "$/cancelRequest" || method == "notifications/cancelled" {
                let id = (parameters?["id"] ?? parameters?["requestId"]).flatMap(RPCIdentifier.init)
                if let id { incoming[id]?.request?.cancel() }
            } else {
                onNotification(method, parameters)
            }
        case .success(.response(let id, let result)): complete(id, .success(result))
        case .success(.failure(let id, let error)): complete(id, .failure(error))
        }
    }

    private func accept(
        id: RPCIdentifier, method: String, parameters: JSONValue?, answer: @escaping (RPCMessage) -> Void
    ) {
        if inFlight >= limits.inFlight {
            answer(
                .failure(
                    id: id,
                    .busy("\(inFlight) requests are in flight", hint: "wait for answers before sending more")))
            return
        }
        if incoming[id]?.request?.isAnswered == false {
            answer(.failure(id: id, .invalidRequest("a request with this id is in flight")))
            return
        }
        inFlight += 1
        let request = IncomingRequest(
            id: id, method: method, parameters: parameters, descriptors: descriptors,
            send: { [weak self] message in
                if let self {
                    self.inFlight -= 1
                    self.incoming[id] = nil
                }
                answer(message)
                self?.closeIfIdle()
            }, notify: { [weak self] method, parameters in self?.notify(method, parameters) },
            congestion: { [weak self] in self?.isCongested ?? false })
        descriptors = []
        incoming[id] = WeakRequest(request: request)
        onRequest(request)
    }

    private func complete(_ id: RPCIdentifier, _ result: Result<JSONValue, RPCError>) {
        guard case .integer(let number) = id, let completion = pending.removeValue(forKey: number) else { return }
        completion(result)
    }

    private static let ended = RPCError(code: -32000, message: "the connection ended before the answer")

    private func ended(_ reason: ByteConnection.CloseReason) {
        descriptors.forEach(closeDescriptor)
        descriptors = []
        for entry in incoming.values { entry.request?.cancel() }
        let waiting = pending.sorted { $0.key < $1.key }
        pending = [:]
        for (_, completion) in waiting {
            completion(.failure(Self.ended))
        }
        onClose(reason)
    }
}
