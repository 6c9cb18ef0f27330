import Glibc
import Synchronization

/// The process's compute threads. Work is cut into tasks by size alone, so results never depend on the threads.
///
/// The calling thread takes part. A call from inside a task, or while another thread uses the pool, runs its tasks
/// itself, one after the other, with the same result.
package final class ComputePool: @unchecked Sendable {
    // Sendable: `body` and `taskCount` are written under `submission` while every helper waits, and published
    // by the release store of `generation`.
    package static let shared = ComputePool()

    /// Where every task waits before it begins while this process is to compute nothing.
    package static let hold = ComputeHold()

    private static let requestedThreads = Mutex<Int?>(nil)
    private static let started = Atomic(false)

    private let submission = Mutex(())
    private var body: ((Int) -> Void)?
    private var taskCount = 0
    private var participants = 0
    private let generation = Atomic(0)
    private let nextTask = Atomic(0)
    private let unfinished = Atomic(0)
    private let limit: Atomic<Int>
    private let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Threads that compute, the caller's included.
    package let threads: Int

    /// Sets the number of threads; must come before the first computation.
    ///
    /// Without it `FINETUNED_THREADS` decides, else the number of cores this process may use.
    package static func configure(threads: Int) throws {
        guard (1...1024).contains(threads) else {
            throw TensorError.invalidArgument(
                operation: "ComputePool", name: "threads", value: "\(threads)", expected: "1 to 1024")
        }
        if started.load(ordering: .acquiring) {
            guard shared.threads == threads else {
                throw TensorError.alreadyConfigured(
                    setting: "the number of compute threads", current: "\(shared.threads)", requested: "\(threads)")
            }
            return
        }
        requestedThreads.withLock { $0 = threads }
    }

    private init() {
        let requested = Self.requestedThreads.withLock { $0 }
        Self.started.store(true, ordering: .releasing)
        threads = requested ?? Self.threadsFromEnvironment() ?? Self.availableCores()
        limit = Atomic(threads)
        pthread_mutex_init(gate, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(done, nil)
        for index in 1..<max(1, threads) { startHelper(index) }
    }

    private static func threadsFromEnvironment() -> Int? {
        guard let text = getenv("FINETUNED_THREADS"), let value = Int(String(cString: text)) else { return nil }
        return (1...1024).contains(value) ? value : nil
    }

    /// Cores in this process's affinity mask, which containers and `taskset` narrow.
    private static func availableCores() -> Int {
        let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        guard let file = fopen("/proc/self/status", "r") else { return online }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("Cpus_allowed:") else { continue }
            let mask = text.dropFirst("Cpus_allowed:".count)
            let allowed = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
            return allowed > 0 ? allowed : online
        }
        return online
    }

    /// Lets fewer threads take part than exist; for measurements and for tests that compare thread counts.
    package func limitThreads(to count: Int?) {
        limit.store(min(threads, max(1, count ?? threads)), ordering: .releasing)
    }

    // MARK: Running

    /// Runs `body` for every task number below `count`, in any order and on any thread, and returns when all are done.
    package func run(_ count: Int, _ body: (Int) -> Void) {
        if Rehearsal.isActive { return }
        let usable = min(limit.load(ordering: .acquiring), count)
        let shared: Void? = usable < 2 ? nil : submission.withLockIfAvailable { _ in runShared(count, usable, body) }
        guard shared == nil else { return }
        for task in 0..<max(0, count) {
            Self.hold.wait()
            body(task)
        }
    }

    /// Cuts `0 ..< count` into blocks of at most `atMost` and runs them as tasks.
    package func forEachBlock(_ count: Int, atMost size: Int, _ body: (Range<Int>) -> Void) {
        let blocks = (count + size - 1) / size
        run(blocks) { task in body(task * size..<min(count, (task + 1) * size)) }
    }

    private func runShared(_ count: Int, _ usable: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            self.body = body
            taskCount = count
            participants = usable
            nextTask.store(0, ordering: .relaxed)
            unfinished.store(usable - 1, ordering: .relaxed)
            // The gate is held while the generation changes: a helper that is about to sleep cannot miss it.
            pthread_mutex_lock(gate)
            generation.add(1, ordering: .releasing)
            pthread_cond_broadcast(wake)
            pthread_mutex_unlock(gate)
            takeTasks()
            waitForHelpers()
            self.body = nil
        }
    }

    private func takeTasks() {
        guard let body else { return }
        while true {
            let task = nextTask.add(1, ordering: .relaxed).oldValue
            if task >= taskCount { return }
            Self.hold.wait()
            body(task)
        }
    }

    // Some tens of microseconds of looking, which lets others run, before a thread goes to sleep in the kernel.
    private static let spins = 60

    private func waitForHelpers() {
        for _ in 0..<Self.spins {
            if unfinished.load(ordering: .acquiring) == 0 { return }
            Self.pause()
        }
        pthread_mutex_lock(gate)
        while unfinished.load(ordering: .acquiring) != 0 { pthread_cond_wait(done, gate) }
        pthread_mutex_unlock(gate)
    }

    private func help(_ index: Int) {
        var seen = 0
        while true {
            seen = waitForWork(after: seen)
            guard index < participants else { continue }
            takeTasks()
            if unfinished.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
                pthread_mutex_lock(gate)
                pthread_cond_signal(done)
                pthread_mutex_unlock(gate)
            }
        }
    }

    private func waitForWork(after seen: Int) -> Int {
        for _ in 0..<Self.spins {
            let current = generation.load(ordering: .acquiring)
            if current != seen { return current }
            Self.pause()
        }
        pthread_mutex_lock(gate)
        defer { pthread_mutex_unlock(gate) }
        while true {
            let current = generation.load(ordering: .acquiring)
            if current != seen { return current }
            pthread_cond_wait(wake, gate)
        }
    }

    private static func pause() { sched_yield() }

    private struct Start { let pool: ComputePool, index: Int }

    private func startHelper(_ index: Int) {
        let start = UnsafeMutablePointer<Start>.allocate(capacity: 1)
        start.initialize(to: Start(pool: self, index: index))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let start = argument?.assumingMemoryBound(to: Start.self) else { return nil }
                let (pool, index) = (start.pointee.pool, start.pointee.index)
                start.deinitialize(count: 1)
                start.deallocate()
                pool.help(index)
                return nil
            }, start)
        precondition(code == 0, "could not start compute thread \(index): error \(code)")
        pthread_detach(thread)
    }
}
