/// Carries lines of JSON to the daemon and back.
package protocol ServiceTransport: AnyObject {
    /// Sends one message; a newline is added. The descriptors go with it and stay open here.
    func send(_ line: String, passing descriptors: [Int32]) throws
    /// Waits for the next message.
    func receive(timeout: Double?) throws -> Received
    /// Whether the service may run under another user than this process.
    var mayBeOfAnotherUser: Bool { get }
}

extension ServiceTransport {
    func send(_ line: String) throws { try send(line, passing: []) }
}

/// What a wait for a message ends with.
package enum Received: Sendable, Equatable {
    case line(String)
    case interrupted
    case timedOut
    case closed
}
