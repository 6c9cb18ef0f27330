import DaemonService
import ServiceAPI
import Testing

struct ServiceHealthTests {
    private func observation(
        _ echoes: UInt64, _ passes: UInt64, _ store: ServiceHealth.StoreAnswer = .moved
    ) -> ServiceHealth.Observation {
        ServiceHealth.Observation(echoes: echoes, schedulerPasses: passes, store: store)
    }

    @Test func allPartsMustMove() {
        var health = ServiceHealth()
        #expect(health.judge(observation(0, 0)) == .well)
        #expect(health.judge(observation(1, 1)) == .well)
        let reason = "it has not moved since the last look"
        #expect(health.judge(observation(1, 2)) == .stuck([.eventLoop], reason: reason))
        #expect(health.judge(observation(2, 2)) == .stuck([.scheduler], reason: reason))
        #expect(health.judge(observation(2, 2)) == .stuck([.eventLoop, .scheduler], reason: reason))
        #expect(health.judge(observation(3, 3)) == .well)
    }

    @Test func aLockedStoreIsStuckHoweverLong() {
        var health = ServiceHealth()
        for beat in 1..<20 {
            let verdict = health.judge(observation(UInt64(beat), UInt64(beat), .busy))
            #expect(verdict == .stuck([.store], reason: "another process holds the lock of the job store"))
        }
    }

    @Test func aBrokenStoreIsAFaultAfterThreeAnswersInARow() {
        var health = ServiceHealth()
        #expect(health.judge(observation(1, 1, .failed("torn"))) == .stuck([.store], reason: "torn"))
        #expect(health.judge(observation(2, 2, .failed("torn"))) == .stuck([.store], reason: "torn"))
        #expect(health.judge(observation(3, 3)) == .well)
        for beat in 4...5 { _ = health.judge(observation(UInt64(beat), UInt64(beat), .failed("torn"))) }
        #expect(health.judge(observation(6, 6, .failed("torn"))) == .faulty(reason: "torn"))
    }

    @Test func theStatusLineNamesJobsByNumberOnly() {
        func job(_ id: String, _ step: Int, _ total: Int) -> Job {
            var job = Job(
                id: id, name: "secret", kind: .train, state: .running, owner: 7, priority: 0,
                outputDirectory: "/secret",
                workingDirectory: nil, submittedAt: "")
            if total > 0 { job.progress = JobProgress(phase: "training", step: step, totalSteps: total) }
            return job
        }
        #expect(
            ServiceStatus.line(running: [job("42", 310, 1000)], counts: [.running: 1, .queued: 3], models: 2)
                == "1 running (job 42 step 310/1000), 3 queued, 2 models")
        #expect(ServiceStatus.line(running: [], counts: [:], models: 1) == "0 running, 0 queued, 1 model")
        #expect(
            ServiceStatus.line(
                running: (1...5).map { job(String($0), 0, 0) }, counts: [.paused: 1, .waiting: 2], models: 0)
                == "5 running (job 1, job 2, job 3, ...), 0 queued, 2 waiting, 1 paused, 0 models")
    }
}
