import Scheduling
import ServiceAPI
import Testing

struct SchedulerTests {
    private func queue(_ jobs: [QueuedJob]) -> JobQueue {
        var queue = JobQueue()
        for job in jobs { queue.insert(job) }
        return queue
    }

    private func job(
        _ number: Int, priority: Int = 0, threads: Int = 1, memory: Int? = nil, seconds: Double? = nil,
        delayed: Bool = false
    ) -> QueuedJob {
        QueuedJob(
            id: String(number), priority: priority, order: Int64(number), threads: threads, memoryBytes: memory,
            expectedSeconds: seconds, isDelayed: delayed)
    }

    private func policy(_ jobs: Int) -> SchedulingPolicy {
        var policy = SchedulingPolicy()
        policy.runningJobs = jobs
        return policy
    }

    @Test func theQueueIsSortedWhateverHappens() {
        var generator = SeededGenerator(state: 7)
        var queue = JobQueue()
        var model: [String: QueuedJob] = [:]
        for _ in 0..<3000 {
            let number = Int.random(in: 0..<200, using: &generator)
            if Bool.random(using: &generator) {
                let job = job(number, priority: Int.random(in: -2...2, using: &generator))
                queue.insert(job)
                model[job.id] = job
            } else {
                queue.remove(String(number))
                model[String(number)] = nil
            }
        }
        let expected = model.values.sorted { ($1.priority, $0.order) < ($0.priority, $1.order) }
        #expect(queue.jobs == expected)
        for (index, job) in expected.enumerated() { #expect(queue.position(of: job.id) == index) }
        #expect(queue.position(of: "none") == nil)
    }

    @Test func priorityThenAge() {
        let waiting = queue([job(1), job(2, priority: 5), job(3), job(4, priority: 9, delayed: true)])
        let machine = MachineCapacity(cores: 4, memoryBytes: nil)
        #expect(Scheduler.admit(waiting, running: [], machine: machine, policy: policy(2)).start == ["2", "1"])
        let full = Scheduler.admit(
            waiting, running: [RunningShare(threads: 1)], machine: machine, policy: policy(1))
        #expect(full == .init(hold: .runningJobs(1)))
    }

    @Test func coresAreNeverGivenTwice() {
        let machine = MachineCapacity(cores: 4, memoryBytes: nil)
        let waiting = queue([job(1, threads: 2), job(2, threads: 2), job(3, threads: 1)])
        let admission = Scheduler.admit(waiting, running: [], machine: machine, policy: policy(8))
        #expect(admission == .init(start: ["1", "2"], hold: .cores(needed: 1, free: 0)))
        // Four jobs that were started when the machine was shared otherwise.
        let mixed = Scheduler.admit(
            queue([job(4, threads: 4)]), running: [RunningShare(threads: 1)], machine: machine, policy: policy(2))
        #expect(mixed == .init(hold: .cores(needed: 4, free: 3)))
        #expect(Scheduler.threads(policy: policy(1), machine: machine) == 4)
        #expect(Scheduler.threads(policy: policy(3), machine: machine) == 1)
        #expect(Scheduler.threads(policy: policy(9), machine: machine) == 1)
        var two = policy(1)
        two.threads = 2
        #expect(Scheduler.threads(policy: two, machine: machine) == 2)
    }

    @Test func memoryAdmitsInOrder() {
        let machine = MachineCapacity(cores: 8, memoryBytes: 100)
        let waiting = queue([job(1, memory: 500), job(2, memory: 60), job(3, memory: 60), job(4, memory: 1)])
        let admission = Scheduler.admit(
            waiting, running: [RunningShare(threads: 1, memoryBytes: 30)], machine: machine, policy: policy(8))
        #expect(admission == .init(start: ["2"], impossible: ["1"], hold: .memory(needed: 60, free: 10)))
    }

    @Test func startTimesFollowThePlaces() {
        let waiting = queue([job(1, seconds: 10), job(2, seconds: 5), job(3, seconds: 1), job(4)])
        let running = [RunningShare(threads: 1, remaining: 4)]
        #expect(Scheduler.startTimes(waiting, running: running, policy: policy(1)) == [4, 14, 19, 20])
        #expect(Scheduler.startTimes(waiting, running: running, policy: policy(2)) == [0, 4, 9, 10])
        let unknown = [RunningShare(threads: 1)]
        #expect(Scheduler.startTimes(waiting, running: unknown, policy: policy(1)) == [nil, nil, nil, nil])
        #expect(Scheduler.startTimes(waiting, running: [], policy: policy(1), limit: 1) == [0])
    }

    @Test func transientFailuresAreRetriedABoundedNumberOfTimes() {
        let policy = SchedulingPolicy()
        var waits: [Double] = []
        for failures in 1... {
            guard
                case .retry(let seconds) = Scheduler.afterFailure(.workerCrashed, failures: failures, policy: policy)
            else { break }
            waits.append(seconds)
        }
        #expect(waits == [0.25, 0.5, 1, 2])
        for kind in ErrorKind.allCases where !kind.isTransient {
            #expect(Scheduler.afterFailure(kind, failures: 1, policy: policy) == .fail)
        }
        var patient = policy
        patient.failures = 100
        #expect(Scheduler.afterFailure(.busy, failures: 60, policy: patient) == .retry(afterSeconds: 60))
    }

    @Test func dependencies() {
        var table = DependencyTable()
        table.add("10", after: ["1", "2"])
        table.add("9", after: ["1"])
        #expect(table.successors(of: "1") == ["9", "10"] && table.hasUnmet("10"))
        #expect(!table.meet("1", for: "10") && table.meet("2", for: "10") && !table.hasUnmet("10"))
        table.remove("9")
        #expect(table == DependencyTable())
    }
}
