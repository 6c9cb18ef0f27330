/// Carries lines of JSON to the daemon and back.
package protocol ServiceTransport: AnyObject {
    /// Sends one message; a newline is added.
    func send(_ line: String) throws
    /// Waits for the next message.
    func receive(timeout: Double?) throws -> Received
}

/// What a wait for a message ends with.
package enum Received: Sendable, Equatable {
    case line(String)
    case interrupted
    case timedOut
    case closed
}
