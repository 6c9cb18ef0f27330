import CLinuxShims
import Glibc

/// A thread for work that blocks or computes for long, which the event loop's thread must not do.
package enum DedicatedThread {
    /// Starts `body` on a thread of its own, which ends with it and is never joined.
    ///
    /// - Parameters:
    ///   - name: shown by `top -H`; the kernel keeps 15 bytes
    ///   - stackSize: in bytes
    /// - Throws: `SystemError` when the system has no thread left
    package static func start(
        _ name: String, stackSize: Int, body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let work = Unmanaged.passRetained(Work(name: String(name.prefix(15)), body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                _ = linux_set_thread_name(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            work.release()
            throw SystemError("pthread_create", code: status)
        }
    }

    private final class Work {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
