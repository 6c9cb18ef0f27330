/// What a connection may ask for at most.
package struct RPCLimits: Equatable, Sendable {
    package var messageBytes = 16 << 20
    package var depth = 128
    package var batch = 100
    package var inFlight = 64
    /// Received descriptors that wait for the request they belong to.
    package var descriptors = 64
    /// Bytes waiting to be read by the peer; with more it is cut off when another message is due.
    package var outgoingBytes = 64 << 20
    /// With more bytes waiting to be read by the peer nothing more is received from it; nil to go on receiving.
    ///
    /// Two ends that both stop receiving would wait for each other for ever: only one end may have this bound.
    package var congestedBytes: Int?
    /// Messages handled before other connections have their turn.
    package var messagesPerTurn = 32
    /// Nanoseconds after which a turn ends with the message in hand.
    package var turnNanoseconds: UInt64 = 5_000_000

    package init() {}
}
