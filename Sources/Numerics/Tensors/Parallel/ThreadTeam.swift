import Glibc
import Synchronization

/// Threads that share the tasks of one round after the other.
///
/// The calling thread takes part and could do a whole round alone; a helper joins a round that is open and is waited
/// for only when it has. A helper that comes late, however late, finds the round closed and has no part in it.
package final class ThreadTeam: Sendable {
    private let rounds: Rounds
    private let helpers: [pthread_t]

    /// - Parameter threads: those that compute, the caller's included; 1 for none but that
    package init(threads: Int) {
        let rounds = Rounds()
        self.rounds = rounds
        helpers = (1..<max(1, threads)).map { Self.startHelper($0, of: rounds) }
    }

    deinit {
        rounds.end()
        for helper in helpers { pthread_join(helper, nil) }
    }

    /// Runs `body` for every task number below `count` on up to `limit` threads, and returns when all are done.
    ///
    /// - Returns: false, and nothing has been done, when another round is under way
    package func run(_ count: Int, atMost limit: Int, _ body: (Int) -> Void) -> Bool {
        rounds.run(count, helpers: min(limit - 1, helpers.count, Rounds.mostHelpers), body)
    }

    private struct Start { let rounds: Rounds }

    private static func startHelper(_ index: Int, of rounds: Rounds) -> pthread_t {
        let start = UnsafeMutablePointer<Start>.allocate(capacity: 1)
        start.initialize(to: Start(rounds: rounds))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let start = argument?.assumingMemoryBound(to: Start.self) else { return nil }
                let rounds = start.move().rounds
                start.deallocate()
                rounds.help()
                return nil
            }, start)
        precondition(code == 0, "could not start compute thread \(index): error \(code)")
        return thread
    }
}

/// What the threads of a team share.
private final class Rounds: @unchecked Sendable {
    // Sendable: `body` and `taskCount` change only while no helper is in a round, which `word` says: the caller writes
    // them before it opens a round and a helper reads them after it has joined. `sleepers` changes under `gate`.

    /// The round as one word, so that nobody ever sees half a change: its number, how many helpers may join (none once
    /// it is closed), how many are in it.
    private let word = Atomic<UInt64>(0)
    private let nextTask = Atomic(0)  // Taken by adding: each number goes to one thread.
    private let isBusy = Atomic(false)  // Set by whoever runs a round, who is the only one to clear it.
    private let isOver = Atomic(false)  // Set once, under `gate`.
    private var body: ((Int) -> Void)?
    private var taskCount = 0
    private var sleepers = 0
    private let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let opened = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let left = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    static let mostHelpers = 0xFFF

    /// The parts of `word`. The number is what is left: 40 bits, which no thread sleeps through.
    private struct Round {
        var bits: UInt64
        var number: UInt64 { bits >> 24 }
        var places: UInt64 { bits >> 12 & 0xFFF }
        var inside: UInt64 { bits & 0xFFF }
        var next: UInt64 { bits >> 24 &+ 1 }
        static let everyPlace: UInt64 = 0xFFF << 12
    }

    init() {
        pthread_mutex_init(gate, nil)
        pthread_cond_init(opened, nil)
        pthread_cond_init(left, nil)
    }

    deinit {
        pthread_mutex_destroy(gate)
        pthread_cond_destroy(opened)
        pthread_cond_destroy(left)
        gate.deallocate()
        opened.deallocate()
        left.deallocate()
    }

    // MARK: The caller

    func run(_ count: Int, helpers: Int, _ body: (Int) -> Void) -> Bool {
        guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
            return false
        }
        withoutActuallyEscaping(body) { body in
            self.body = body
            taskCount = count
            nextTask.store(0, ordering: .relaxed)
            open(places: max(0, helpers))
            takeTasks(body)
            close()
            self.body = nil
        }
        isBusy.store(false, ordering: .releasing)
        return true
    }

    private func open(places: Int) {
        // Nobody else changes a closed round that is empty.
        let number = Round(bits: word.load(ordering: .relaxed)).next
        // The gate is held, so that a helper that is about to sleep cannot miss it.
        pthread_mutex_lock(gate)
        word.store(number << 24 | UInt64(places) << 12, ordering: .releasing)
        let wanted = min(places, sleepers)
        pthread_mutex_unlock(gate)
        for _ in 0..<wanted { pthread_cond_signal(opened) }
    }

    /// Lets nobody join any more and waits for those who have.
    private func close() {
        var round = Round(bits: word.bitwiseAnd(~Round.everyPlace, ordering: .acquiring).newValue)
        for _ in 0..<Self.looks where round.inside > 0 {
            sched_yield()
            round = Round(bits: word.load(ordering: .acquiring))
        }
        guard round.inside > 0 else { return }
        pthread_mutex_lock(gate)
        while Round(bits: word.load(ordering: .acquiring)).inside > 0 { pthread_cond_wait(left, gate) }
        pthread_mutex_unlock(gate)
    }

    func end() {
        pthread_mutex_lock(gate)
        isOver.store(true, ordering: .releasing)
        pthread_cond_broadcast(opened)
        pthread_mutex_unlock(gate)
    }

    // MARK: Helpers

    func help() {
        var last: UInt64 = 0
        while let number = join(after: last) {
            last = number
            if let body { takeTasks(body) }
            let round = Round(bits: word.subtract(1, ordering: .acquiringAndReleasing).newValue)
            guard round.inside == 0, round.places == 0 else { continue }
            pthread_mutex_lock(gate)
            pthread_cond_signal(left)
            pthread_mutex_unlock(gate)
        }
    }

    // Some tens of microseconds of looking, which lets others run, before a thread goes to sleep in the kernel.
    private static let looks = 60

    /// Waits for an open round behind number `last` and joins it; nil when the team has ended.
    private func join(after last: UInt64) -> UInt64? {
        for _ in 0..<Self.looks {
            if isOver.load(ordering: .acquiring) { return nil }
            if let number = tryToJoin(after: last) { return number }
            sched_yield()
        }
        pthread_mutex_lock(gate)
        defer { pthread_mutex_unlock(gate) }
        while !isOver.load(ordering: .acquiring) {
            if let number = tryToJoin(after: last) { return number }
            sleepers += 1
            pthread_cond_wait(opened, gate)
            sleepers -= 1
        }
        return nil
    }

    private func tryToJoin(after last: UInt64) -> UInt64? {
        var round = Round(bits: word.load(ordering: .relaxed))
        while round.number != last, round.inside < round.places {
            let (joined, seen) = word.compareExchange(
                expected: round.bits, desired: round.bits + 1, ordering: .acquiring)
            if joined { return round.number }
            round = Round(bits: seen)
        }
        return nil
    }

    private func takeTasks(_ body: (Int) -> Void) {
        let count = taskCount
        while true {
            let task = nextTask.add(1, ordering: .relaxed).oldValue
            if task >= count { return }
            body(task)
        }
    }
}
