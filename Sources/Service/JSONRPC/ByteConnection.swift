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
    /// Called once, after the socket is closed.
    package var onClose: (CloseReason) -> Void = { _ in }

    private struct Chunk {
        var bytes: ArraySlice<UInt8>
        var descriptors: [Int32]
    }

    private let number: Int32
    private let loop: EventLoop
    private let outgoingLimit: Int
    private var outgoing: [Chunk] = []
    private var waitingBytes = 0
    private var isClosed = false
    private var closesWhenSent = false

    /// Takes over the descriptor.
    package init(_ descriptor: consuming FileDescriptor, loop: EventLoop, outgoingLimit: Int) throws(SystemError) {
        number = descriptor.release()
        self.loop = loop
        self.outgoingLimit = outgoingLimit
        UnixSocket.setNonBlocking(number)
        try loop.register(number, .read) { [weak self] ready in self?.handle(ready) }
    }

    deinit { if !isClosed { close(.closedHere) } }

    private func handle(_ ready: EventLoop.Interest) {
        if ready.contains(.write) { flush() }
        if ready.contains(.read) && !isClosed { receive() }
    }

    private func receive() {
        do throws(SystemError) {
            // A bounded number of reads, so that one busy peer does not starve the others.
            for _ in 0..<16 where !isClosed {
                switch try UnixSocket.receive(from: number) {
                case .bytes(let bytes, let descriptors): onBytes(bytes, descriptors)
                case .wouldBlock: return
                case .closed:
                    close(.endOfStream)
                    return
                }
            }
        } catch {
            close(.failed(error))
        }
    }

    /// Queues bytes; the descriptors travel with the first of them and are closed here once sent.
    package func send(_ bytes: [UInt8], passing descriptors: [Int32] = []) {
        guard !isClosed, !bytes.isEmpty else {
            descriptors.forEach(closeDescriptor)
            return
        }
        outgoing.append(Chunk(bytes: bytes[...], descriptors: descriptors))
        waitingBytes += bytes.count
        if outgoing.count == 1 { flush() }
        if !isClosed && waitingBytes > outgoingLimit { close(.peerTooSlow(waitingBytes: waitingBytes)) }
    }

    /// Closes after everything queued has been sent.
    package func closeWhenSent() {
        closesWhenSent = true
        if outgoing.isEmpty { close(.closedHere) }
    }

    private func flush() {
        do throws(SystemError) {
            while let chunk = outgoing.first {
                guard let count = try UnixSocket.send(chunk.bytes, to: number, passing: chunk.descriptors) else {
                    break
                }
                chunk.descriptors.forEach(closeDescriptor)
                outgoing[0].descriptors = []
                outgoing[0].bytes = chunk.bytes.dropFirst(count)
                waitingBytes -= count
                if outgoing[0].bytes.isEmpty { outgoing.removeFirst() }
            }
        } catch {
            close(.failed(error))
            return
        }
        if outgoing.isEmpty && closesWhenSent {
            close(.closedHere)
        } else {
            loop.setInterest(number, outgoing.isEmpty ? .read : [.read, .write])
        }
    }

    package func close(_ reason: CloseReason = .closedHere) {
        if isClosed { return }
        isClosed = true
        loop.unregister(number)
        closeDescriptor(number)
        outgoing.flatMap(\.descriptors).forEach(closeDescriptor)
        outgoing = []
        onClose(reason)
    }
}

func closeDescriptor(_ number: Int32) { _ = FileDescriptor(owning: number) }
