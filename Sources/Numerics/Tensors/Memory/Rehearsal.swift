import Synchronization

/// A run of the real operations that allocates and frees as they do, but computes nothing and writes no memory.
///
/// Inside `run` the calling thread's tensors come from a pool of their own whose pages are never touched, and the
/// compute pool skips its tasks. What is left is the exact sequence of allocations, with the work counted, so a plan
/// made from it cannot differ from what the operations do. Values read inside are meaningless.
package final class Rehearsal: Sendable {
    /// What a rehearsal has counted so far.
    package struct Figures: Sendable, Equatable {
        /// Bytes of tensors that would be resident now, blocks kept for reuse included.
        package var residentBytes = 0
        /// The most of that.
        package var peakResidentBytes = 0
        /// Bytes of tensors in use at most.
        package var peakLiveBytes = 0
        /// Floating-point operations of matrix products and attention.
        package var operations = 0.0
        /// Matrix products and attentions, each a round of the compute pool.
        package var calls = 0
        /// Bytes of results written by operations.
        package var bytesWritten = 0.0
        /// Blocks of models whose inside was kept for the way back, and those that were run again.
        package var keptBlocks = 0
        package var recomputedBlocks = 0

        package init() {}
    }

    @TaskLocal private static var active: Rehearsal?
    // Looked at first, because every operation asks and hardly any process rehearses. Relaxed will do: a thread sees
    // its own changes, and what others rehearse does not concern it.
    private static let count = Atomic(0)

    let pool = StoragePool(isRehearsing: true)
    private let work = Mutex((operations: 0.0, calls: 0, bytes: 0.0, kept: 0, recomputed: 0))
    /// Threads of the pool that is rehearsed.
    let threads: Int

    package init(threads: Int) { self.threads = max(1, threads) }

    /// The rehearsal that the calling thread is in.
    static var current: Rehearsal? { count.load(ordering: .relaxed) == 0 ? nil : active }

    package static var isActive: Bool { current != nil }

    package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        Self.count.add(1, ordering: .relaxed)
        defer { Self.count.subtract(1, ordering: .relaxed) }
        return try Self.$active.withValue(self) { try body() }
    }

    package var figures: Figures {
        let (work, written, statistics) = (work.withLock { $0 }, pool.written, pool.statistics)
        var figures = Figures()
        figures.residentBytes = written.total
        figures.peakResidentBytes = written.peak
        figures.peakLiveBytes = statistics.peakBytes
        figures.operations = work.operations
        figures.calls = work.calls
        figures.bytesWritten = work.bytes
        figures.keptBlocks = work.kept
        figures.recomputedBlocks = work.recomputed
        return figures
    }

    /// Takes into account what the skipped tasks of one operation would have done.
    ///
    /// - Parameter scratch: floats of the blocks of memory that each task holds while it runs
    func note(operations: Double, scratch: Int, tasks: Int = 1) {
        note(operations: operations, scratch: [scratch], tasks: tasks)
    }

    func note(operations: Double, scratch: [Int] = [], tasks: Int = 1) {
        work.withLock {
            $0.operations += operations
            $0.calls += 1
        }
        let counts = scratch.filter { $0 > 0 }
        let blocks = (0..<min(threads, tasks)).map { _ in counts.map { Storage(count: $0) } }
        withExtendedLifetime(blocks) {}
    }

    func noteBlock(isKept: Bool) {
        work.withLock {
            if isKept { $0.kept += 1 } else { $0.recomputed += 1 }
        }
    }

    func noteWritten(bytes: Int) { work.withLock { $0.bytes += Double(bytes) } }
}

/// How much of each block of a pool was ever written; what lies behind that never became resident.
struct WrittenBytes {
    private(set) var total = 0
    private(set) var peak = 0
    // Keyed by address: blocks are told apart, never read.
    private var ofBlock: [UInt: Int] = [:]

    private static let page = 4096

    mutating func write(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
        // A small block shares its pages with others, so that only its bytes count.
        let size = bytes < 1 << 20 ? bytes : (bytes + Self.page - 1) / Self.page * Self.page
        let before = ofBlock[UInt(bitPattern: block)] ?? 0
        guard size > before else { return }
        ofBlock[UInt(bitPattern: block)] = size
        total += size - before
        peak = max(peak, total)
    }

    mutating func forget(_ block: UnsafeMutableRawPointer) {
        total -= ofBlock.removeValue(forKey: UInt(bitPattern: block)) ?? 0
    }
}
