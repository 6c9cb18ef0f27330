import Glibc
import Synchronization

/// The process's compute threads. Work is cut into tasks by size alone, so results never depend on the threads.
///
/// The calling thread takes part. A call from inside a task, or while another thread uses the pool, runs its tasks
/// itself, one after the other, with the same result.
package final class ComputePool: Sendable {
    package static let shared = ComputePool()

    /// Where every task waits before it begins while this process is to compute nothing.
    package static let hold = ComputeHold()

    /// The number of threads that was asked for, and the one that the pool has; together, so that none comes too late.
    private static let choice = Mutex((requested: Int?.none, started: Int?.none))

    private let team: ThreadTeam
    private let limit: Atomic<Int>  // A number by itself: nothing else is read in step with it.

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
        let started = choice.withLock { choice in
            if choice.started == nil { choice.requested = threads }
            return choice.started
        }
        guard started == nil || started == threads else {
            throw TensorError.alreadyConfigured(
                setting: "the number of compute threads", current: "\(shared.threads)", requested: "\(threads)")
        }
    }

    private init() {
        threads = Self.choice.withLock { choice in
            let threads = choice.requested ?? Self.threadsFromEnvironment() ?? Self.availableCores()
            choice.started = threads
            return threads
        }
        limit = Atomic(threads)
        team = ThreadTeam(threads: threads)
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
        func task(_ number: Int) {
            Self.hold.wait()
            body(number)
        }
        if usable > 1, team.run(count, atMost: usable, task) { return }
        for number in 0..<max(0, count) { task(number) }
    }

    /// Cuts `0 ..< count` into blocks of at most `atMost` and runs them as tasks.
    package func forEachBlock(_ count: Int, atMost size: Int, _ body: (Range<Int>) -> Void) {
        let blocks = (count + size - 1) / size
        run(blocks) { task in body(task * size..<min(count, (task + 1) * size)) }
    }
}
