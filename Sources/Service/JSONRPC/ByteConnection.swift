package import LinuxSystem

/// A non-blocking socket on an event loop: bytes in, bytes out, and a bound on what waits to be sent.
package final class ByteConnection {
    package enum CloseReason: Equatable, Sendable {
        case endOfStream
        case peerTooSlow(waitingBytes: Int)
        case failed(SystemError)
        case closedHere
    }

    /// Called with received bytes and descriptors; the callee owns the descriptors.
    package var onBytes: ([UInt8], [Int32]) -> Void = { _, descriptors in descriptors.forEach(closeDescriptor) }
    /// Called once when the other end will send no more; it may still read what is sent.
    package var onEnd: () -> Void = {}
    /// Called when everything that had to wait has been sent.
    package var onDrained: () -> Void = {}
    /// Called once, after the socket is closed.
    package var onClose: (CloseReason) -> Void = { _ in }

    /// Bytes queued and not yet sent.
    package private(set) var waitingBytes = 0
    package private(set) var isClosed = false
    /// While true nothing is received.
    package var isReadingPaused = false {
        didSet { if isReadingPaused != oldValue { updateInterest() } }
    }

    private struct Chunk {
        var bytes: ArraySlice<UInt8>
        var descriptors: [Int32]
    }

    private let number: Int32
    private let loop: EventLoop
    private let outgoingLimit: Int
    private var outgoing: [Chunk] = []
    private var sentChunks = 0
    private var closesWhenSent: CloseReason?
    private var hasEnded = false

    /// Takes over the descriptor.
    package init(_ descriptor: consuming FileDescriptor, loop: EventLoop, outgoingLimit: Int) throws(SystemError) {
        number = descriptor.release()
        self.loop = loop
        self.outgoingLimit = outgoingLimit
        UnixSocket.setNonBlocking(number)
        do {
            try loop.register(number, .read) { [weak self] ready in self?.handle(ready) }
        } catch {
            isClosed = true
            closeDescriptor(number)
            throw error
        }
    }

    deinit { if !isClosed { close(.closedHere) } }

    private func handle(_ ready: EventLoop.Interest) {
        if ready.contains(.write) {
            flush()
            if outgoing.isEmpty && !isClosed { onDrained() }
        }
        guard ready.contains(.read), !isClosed else { return }
        if hasEnded {
            // Reading was given up, so this is the other end's complete close.
            close(.endOfStream)
        } else if isReadingPaused {
            // The same, unless there is nothing to send that would show it.
            flush()
        } else {
            receive()
        }
    }

    private func receive() {
        do throws(SystemError) {
            // A bounded number of reads, so that one busy peer does not starve the others.
            for _ in 0..<16 where !isClosed && !isReadingPaused {
                switch try UnixSocket.receive(from: number) {
                case .bytes(let bytes, let descriptors): onBytes(bytes, descriptors)
                case .wouldBlock: return
                case .closed:
                    hasEnded = true
                    updateInterest()
                    onEnd()
                    return
                }
            }
        } catch {
            close(.failed(error))
        }
    }

    /// Queues bytes; the descriptors travel with the first of them and are closed here once sent.
    ///
    /// A peer that leaves more than the limit unread is cut off when another message is due; a single message may be
    /// of any size.
    package func send(_ bytes: [UInt8], passing descriptors: [Int32] = []) {
        guard !isClosed, !bytes.isEmpty else {
            descriptors.forEach(closeDescriptor)
            return
        }
        if waitingBytes > outgoingLimit {
            descriptors.forEach(closeDescriptor)
            close(.peerTooSlow(waitingBytes: waitingBytes))
            return
        }
        let wasEmpty = outgoing.isEmpty
        outgoing.append(Chunk(bytes: bytes[...], descriptors: descriptors))
        waitingBytes += bytes.count
        if wasEmpty { flush() }
    }

    /// Closes after everything queued has been sent.
    package func closeWhenSent(_ reason: CloseReason = .closedHere) {
        closesWhenSent = reason
        if outgoing.isEmpty { close(reason) }
    }

    private func flush() {
        do throws(SystemError) {
            while sentChunks < outgoing.count {
                let chunk = outgoing[sentChunks]
                guard let count = try UnixSocket.send(chunk.bytes, to: number, passing: chunk.descriptors) else {
                    break
                }
                chunk.descriptors.forEach(closeDescriptor)
                outgoing[sentChunks].descriptors = []
                waitingBytes -= count
                if count == chunk.bytes.count {
                    outgoing[sentChunks].bytes = []
                    sentChunks += 1
                } else {
                    outgoing[sentChunks].bytes = chunk.bytes.dropFirst(count)
                }
            }
        } catch {
            close(.failed(error))
            return
        }
        if sentChunks == outgoing.count {
            outgoing.removeAll(keepingCapacity: outgoing.count <= 64)
            sentChunks = 0
        } else if sentChunks > 64 && sentChunks > outgoing.count / 2 {
            outgoing.removeFirst(sentChunks)
            sentChunks = 0
        }
        if outgoing.isEmpty, let reason = closesWhenSent {
            close(reason)
            return
        }
        updateInterest()
    }

    /// The interest that the loop has; a call of the kernel for each message would be felt.
    private var interest: EventLoop.Interest = .read

    private func updateInterest() {
        if isClosed { return }
        var wanted: EventLoop.Interest = []
        if !isReadingPaused && !hasEnded { wanted.insert(.read) }
        if !outgoing.isEmpty { wanted.insert(.write) }
        if wanted == interest { return }
        interest = wanted
        loop.setInterest(number, wanted)
    }

    package func close(_ reason: CloseReason = .closedHere) {
        if isClosed { return }
        isClosed = true
        loop.unregister(number)
        closeDescriptor(number)
        outgoing.flatMap(\.descriptors).forEach(closeDescriptor)
        outgoing = []
        sentChunks = 0
        waitingBytes = 0
        onClose(reason)
    }
}

func closeDescriptor(_ number: Int32) { _ = FileDescriptor(owning: number) }
