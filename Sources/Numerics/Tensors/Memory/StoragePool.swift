import Glibc
import Synchronization

/// Bytes held by tensors now and at most, and bytes kept aside for reuse.
package struct MemoryStatistics: Sendable, Equatable {
    package var liveBytes = 0
    package var peakBytes = 0
    package var cachedBytes = 0
}

/// Hands out 64-byte aligned blocks in size classes and keeps freed ones for reuse.
///
/// A training step asks for the same sizes again and again; reuse saves the page faults of fresh memory. Blocks kept
/// and blocks in use together exceed the most that was ever in use at once by little.
final class StoragePool: Sendable {
    static let shared = StoragePool()

    /// The pool of the rehearsal that the calling thread is in, else the process's own.
    static var current: StoragePool { Rehearsal.current?.pool ?? shared }

    private struct State {
        var free: [Int: [UnsafeMutableRawPointer]] = [:]
        var statistics = MemoryStatistics()
        /// The most bytes ever in use.
        var most = 0
        /// In a rehearsal, how much of each block would have been written.
        var written: WrittenBytes?
        /// An eighth more than the most is kept: sizes vary from step to step, and a block evicted is a block refaulted.
        var bound: Int { most + most / 8 + (32 << 20) }

        /// Takes kept blocks out, largest first, until everything fits the bound again.
        mutating func evict() -> FreeBlocks {
            var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
            while statistics.liveBytes + statistics.cachedBytes > bound, let size = free.keys.max() {
                if let block = free[size]?.popLast() {
                    blocks[size, default: []].append(block)
                    statistics.cachedBytes -= size
                    written?.forget(block)
                }
                if free[size]?.isEmpty != false { free[size] = nil }
            }
            return FreeBlocks(free: blocks)
        }
    }

    // The pointers in the state are blocks nobody else knows; the mutex guards them.
    private struct Guarded: @unchecked Sendable { var state = State() }
    private let guarded = Mutex(Guarded())

    private let isRehearsing: Bool

    /// - Parameter isRehearsing: nobody writes to the blocks; the pool keeps account of what would have been written
    init(isRehearsing: Bool = false) {
        self.isRehearsing = isRehearsing
        if isRehearsing { guarded.withLock { $0.state.written = WrittenBytes() } }
    }

    /// What would have been resident, in a rehearsal.
    var written: WrittenBytes { guarded.withLock { $0.state.written ?? WrittenBytes() } }

    var statistics: MemoryStatistics { guarded.withLock { $0.state.statistics } }

    /// Forgets the past peak, so that the next phase is measured alone.
    func resetPeak() {
        guarded.withLock { $0.state.statistics.peakBytes = $0.state.statistics.liveBytes }
    }

    /// The smallest of four classes per power of two that holds `bytes`.
    static func classSize(_ bytes: Int) -> Int {
        let least = max(bytes, 256)
        let power = Int.bitWidth - 1 - least.leadingZeroBitCount
        let step = max(64, 1 << max(0, power - 2))
        return (least + step - 1) / step * step
    }

    func allocate(classSize: Int, bytes: Int) -> UnsafeMutableRawPointer {
        let (reused, evicted) = guarded.withLock { guarded in
            let block = guarded.state.free[classSize]?.popLast()
            if block != nil { guarded.state.statistics.cachedBytes -= classSize }
            guarded.state.statistics.liveBytes += classSize
            let live = guarded.state.statistics.liveBytes
            guarded.state.statistics.peakBytes = max(guarded.state.statistics.peakBytes, live)
            guarded.state.most = max(guarded.state.most, live)
            if let block { guarded.state.written?.write(block, bytes) }
            return (Box(block), block == nil ? guarded.state.evict() : FreeBlocks(free: [:]))
        }
        giveBack(evicted)
        if let block = reused.block { return block }
        let block = fresh(classSize, bytes)
        if isRehearsing {
            let box = Box(block)
            guarded.withLock { guarded in
                if let block = box.block { guarded.state.written?.write(block, bytes) }
            }
        }
        return block
    }

    func release(_ block: UnsafeMutableRawPointer, classSize: Int) {
        let box = Box(block)
        guarded.withLock { guarded in
            guarded.state.statistics.liveBytes -= classSize
            guarded.state.statistics.cachedBytes += classSize
            if let block = box.block { guarded.state.free[classSize, default: []].append(block) }
        }
    }

    /// Returns every block kept for reuse to the system.
    func trim() {
        let blocks = guarded.withLock { guarded in
            let free = guarded.state.free
            guarded.state.free = [:]
            guarded.state.statistics.cachedBytes = 0
            guarded.state.most = guarded.state.statistics.liveBytes
            return FreeBlocks(free: free)
        }
        giveBack(blocks)
    }

    deinit { trim() }

    private func giveBack(_ blocks: FreeBlocks) {
        for (size, list) in blocks.free { for block in list { giveBack(block, size) } }
    }

    /// Carry pointers across the mutex's closure, where only their new owner sees them.
    private struct Box: @unchecked Sendable {
        let block: UnsafeMutableRawPointer?
        init(_ block: UnsafeMutableRawPointer?) { self.block = block }
    }
    private struct FreeBlocks: @unchecked Sendable { let free: [Int: [UnsafeMutableRawPointer]] }

    // Blocks from here up are mapped alone, so that giving one back really shrinks the process.
    private static let mappedFrom = 1 << 20

    private func fresh(_ size: Int, _ bytes: Int) -> UnsafeMutableRawPointer {
        if size >= Self.mappedFrom {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | (isRehearsing ? MAP_NORESERVE : 0)
            let block = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
            if let block, block != MAP_FAILED {
                if !isRehearsing { askForLargePages(block, bytes) }
                return block
            }
        } else if let block = aligned_alloc(64, size) {
            return block
        }
        // The process computes for one job only; without memory there is nothing left for it to do.
        trim()
        fatalError("out of memory: could not allocate \(size) bytes for a tensor (live \(statistics.liveBytes) bytes)")
    }

    /// Products visit hundreds of lines of a matrix in turn, more pages than the processor remembers at 4 KiB each.
    ///
    /// Only for pages that are written from end to end, so that no more memory is held than would be otherwise.
    private func askForLargePages(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
        let page = 2 << 20
        let start = block.alignedUp(toMultipleOf: page)
        let length = (block + bytes - start) / page * page
        if length > 0 { madvise(start, length, MADV_HUGEPAGE) }
    }

    private func giveBack(_ block: UnsafeMutableRawPointer, _ size: Int) {
        if size >= Self.mappedFrom { munmap(block, size) } else { free(block) }
    }
}

/// The process's tensor memory.
package enum TensorMemory {
    package static var statistics: MemoryStatistics { StoragePool.current.statistics }
    package static func resetPeak() { StoragePool.current.resetPeak() }
    package static func trim() { StoragePool.current.trim() }
}

/// One block of the pool; gives it back when the last user is gone.
final class Storage: @unchecked Sendable {
    // Sendable by the rule that whoever writes a tensor is its only user at that time.
    let floats: UnsafeMutablePointer<Float>
    private let size: Int
    private let pool: StoragePool

    init(count: Int) {
        let bytes = count * MemoryLayout<Float>.stride
        size = StoragePool.classSize(bytes)
        pool = StoragePool.current
        floats = pool.allocate(classSize: size, bytes: bytes).bindMemory(
            to: Float.self, capacity: size / MemoryLayout<Float>.stride)
    }

    /// Memory for the time of `body`.
    static func scratch<Result>(
        _ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Result
    ) rethrows -> Result {
        let storage = Storage(count: count)
        return try withExtendedLifetime(storage) { try body(storage.floats) }
    }

    deinit { pool.release(UnsafeMutableRawPointer(floats), classSize: size) }
}
