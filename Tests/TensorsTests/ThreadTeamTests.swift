import Foundation
import Synchronization
import Tensors
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct ThreadTeamTests {
    /// What the tasks of a round write without any lock: only the team keeps them apart from the next round's.
    private final class Slots: @unchecked Sendable {
        // Sendable: a slot belongs to the task of its number, and to the caller between two rounds.
        let places = UnsafeMutablePointer<Int>.allocate(capacity: 8)
        init() { places.initialize(repeating: -1, count: 8) }
        deinit { places.deallocate() }
    }

    /// Rounds of 2 to 8 tasks, which never need all the threads: one that is let go of too early would run a task of
    /// the next round, or one twice.
    @Test(arguments: [8, 16]) func aRoundIsOverWhenItsLastTaskIs(_ threads: Int) {
        let team = ThreadTeam(threads: threads)
        let slots = Slots()
        let done = Atomic(0)
        var (wrong, expected) = (0, 0)
        // On two free cores it is a second; on busy ones less has to do.
        let end = ContinuousClock.now + .seconds(10)
        for round in 0..<500_000 {
            if round % 1024 == 0, ContinuousClock.now > end { break }
            let count = 2 + round % 7
            let hasRun = team.run(count, atMost: min(threads, count)) { task in
                slots.places[task] = slots.places[task] == round ? -2 : round
                done.add(1, ordering: .relaxed)
                // Now and then the others get time to join in the middle.
                if round % 16 == 0 { sched_yield() }
            }
            expected += count
            if !hasRun || (0..<count).contains(where: { slots.places[$0] != round }) { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(done.load(ordering: .relaxed) == expected)
    }

    @Test func allThreadsTakePart() {
        let team = ThreadTeam(threads: 8)
        let present = Atomic(0)
        // Each of the eight tasks waits for the other seven, so each needs a thread of its own.
        let hasRun = team.run(8, atMost: 8) { _ in
            present.add(1, ordering: .relaxed)
            while present.load(ordering: .relaxed) < 8 { sched_yield() }
        }
        #expect(hasRun && present.load(ordering: .relaxed) == 8)
    }

    @Test func noMoreThanTheLimitTakePart() {
        let team = ThreadTeam(threads: 8)
        let present = Atomic(0)
        let most = Atomic(0)
        for _ in 0..<2000 {
            _ = team.run(16, atMost: 3) { _ in
                most.max(present.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                present.subtract(1, ordering: .relaxed)
            }
        }
        #expect((1...3).contains(most.load(ordering: .relaxed)))
    }

    @Test func aRoundWithinARoundIsRefused() {
        let team = ThreadTeam(threads: 4)
        let refused = Atomic(0)
        _ = team.run(6, atMost: 4) { _ in
            if !team.run(2, atMost: 2, { _ in }) { refused.add(1, ordering: .relaxed) }
        }
        #expect(refused.load(ordering: .relaxed) == 6)
        #expect(team.run(2, atMost: 2) { _ in })
    }

    @Test func aTeamEndsWithItsThreads() throws {
        let before = try threads()
        for _ in 0..<50 { _ = ThreadTeam(threads: 16).run(4, atMost: 4) { _ in } }
        // Other threads of the test process come and go too, but not 750 of them.
        #expect(try threads() < before + 100)
    }

    private func threads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }
}
