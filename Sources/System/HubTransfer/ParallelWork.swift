import LinuxSystem
import Synchronization

/// Does something with each of several items, some at a time.
enum ParallelWork {
    /// - Parameter width: threads
    /// - Throws: the first failure; `stop` has been called then, and everybody has ended
    static func forEach<Item: Sendable>(
        _ items: [Item], width: Int, stop: @escaping @Sendable () -> Void,
        _ worker: @escaping @Sendable () throws -> (Item) throws -> Void
    ) throws {
        guard !items.isEmpty else { return }
        let next = Atomic<Int>(0)
        let failure = Mutex<(any Error)?>(nil)
        let ended = BlockingQueue<Void>()
        let count = min(max(1, width), items.count)
        let shared = Shared(next: next, failure: failure)
        for number in 0..<count {
            do {
                try DedicatedThread.start("transfer-\(number)", stackSize: 1 << 20) {
                    defer { ended.add(()) }
                    do {
                        let work = try worker()
                        while let item = shared.take(from: items) { try work(item) }
                    } catch {
                        shared.fail(error)
                        stop()
                    }
                }
            } catch {
                shared.fail(error)
                stop()
                ended.add(())
            }
        }
        for _ in 0..<count { ended.take() }
        if let error = shared.firstFailure { throw error }
    }

    private final class Shared: Sendable {
        private let next: Atomic<Int>
        private let failure: Mutex<(any Error)?>

        init(next: consuming Atomic<Int>, failure: consuming Mutex<(any Error)?>) {
            self.next = next
            self.failure = failure
        }

        func take<Item>(from items: [Item]) -> Item? {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            return number < items.count && firstFailure == nil ? items[number] : nil
        }

        func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }

        var firstFailure: (any Error)? { failure.withLock { $0 } }
    }
}
