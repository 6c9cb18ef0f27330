import Synchronization

/// How far a transfer is; the threads that work write it, whoever shows it reads.
package final class TransferProgress: Sendable {
    package enum Phase: String, Sendable { case listing, hashing, downloading, verifying, uploading, committing }

    package struct State: Equatable, Sendable {
        package var phase = Phase.listing
        package var files = 0
        package var filesDone = 0
        /// Of all files, as far as the hub says; what was there before counts as done.
        package var bytes = 0
        package var bytesDone = 0
        /// Bytes that came or went over the network.
        package var bytesTransferred = 0
        /// A file that is being worked on.
        package var file: String?

        package init() {}
    }

    private let value = Mutex(State())

    package init() {}

    package var state: State { value.withLock { $0 } }

    func update(_ change: (inout State) -> Void) { value.withLock { change(&$0) } }
}
