import Glibc
import Synchronization

/// Elements from any thread to one that waits for them, in order.
package final class BlockingQueue<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    // One count for each element. `sem_t` must not move, so it has a place of its own; semaphores are made for sharing
    // and the pointer never changes.
    nonisolated(unsafe) private let available = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    package init() { sem_init(available, 0, 0) }

    deinit {
        sem_destroy(available)
        available.deallocate()
    }

    package func add(_ element: Element) {
        elements.withLock { $0.append(element) }
        sem_post(available)
    }

    /// Waits for the next element.
    package func take() -> Element {
        while true {
            // A signal may end the wait early.
            guard sem_wait(available) == 0 else { continue }
            if let element = elements.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return element }
        }
    }
}
