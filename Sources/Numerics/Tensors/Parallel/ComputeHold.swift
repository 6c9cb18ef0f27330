import Glibc
import Synchronization

/// Holds computing back: tasks of the pool that have not begun wait, on every thread, until they are let go.
///
/// Tasks under way end first. What is computed does not change, only when.
package final class ComputeHold: @unchecked Sendable {
    // Sendable: the mutex and the condition are made for sharing, the flag changes under the mutex.
    private let held = Atomic(false)
    private let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let opened = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        pthread_mutex_init(gate, nil)
        pthread_cond_init(opened, nil)
    }

    deinit {
        pthread_mutex_destroy(gate)
        pthread_cond_destroy(opened)
        gate.deallocate()
        opened.deallocate()
    }

    package var isHeld: Bool { held.load(ordering: .acquiring) }

    package func begin() {
        pthread_mutex_lock(gate)
        held.store(true, ordering: .releasing)
        pthread_mutex_unlock(gate)
    }

    package func end() {
        pthread_mutex_lock(gate)
        held.store(false, ordering: .releasing)
        pthread_cond_broadcast(opened)
        pthread_mutex_unlock(gate)
    }

    /// Returns at once unless computing is held back; blocks the calling thread otherwise.
    package func wait() {
        guard isHeld else { return }
        pthread_mutex_lock(gate)
        while isHeld { pthread_cond_wait(opened, gate) }
        pthread_mutex_unlock(gate)
    }
}
