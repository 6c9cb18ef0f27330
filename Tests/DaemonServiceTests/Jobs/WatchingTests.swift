import Foundation
import JSONDocuments
import JobStore
import ServiceAPI
import ServiceTestSupport
import Testing

/// Watching a job that has a long past.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WatchingTests {
    typealias Object = ServiceConnection.Object

    /// A job that has ended, whose log gets so many more figures; their last number.
    private func past(_ daemon: DaemonFixture, figures: Int) throws -> (job: String, last: Int) {
        let connection = try daemon.connection()
        let job = try daemon.submit(connection, "out-\(figures)", steps: 3)
        _ = try connection.call("job.wait", ["jobs": [job]])
        // Pages end where they like; some changes of state lie between the figures.
        let last = try watch(connection, job).last ?? 0
        let log = try MetricsLog(path: daemon.state + "/jobs/\(job)/metrics.log")
        let records = (1...figures).map { (JobEvent.Kind.progress, ["step": .integer(Int64($0))] as JSONObject) }
        let added = try log.append(records, after: Int64(last), at: "T")
        return (job, Int(added.last?.seq ?? 0))
    }

    /// The numbers of all events, in the order in which they came, until the call is answered.
    private func watch(_ connection: ServiceConnection, _ job: String, since: Int = 0) throws -> [Int] {
        var numbers: [Int] = []
        connection.onNotification = { name, event in
            if name == "job.event" { numbers.append(event["seq"] as? Int ?? -1) }
        }
        let ended = try connection.call("job.watch", ["job": job, "since": since])
        #expect(ended["state"] as? String == "succeeded")
        return numbers
    }

    @Test func everyEventComesOnceAndInOrder() throws {
        let daemon = try DaemonFixture.scripted()
        let (job, last) = try past(daemon, figures: 3000)
        for since in [0, 1, 5, 31, 32, 33, 1000, last - 32, last - 1, last, last + 10] {
            #expect(try watch(daemon.connection(), job, since: since) == Array(since..<max(since, last)).map { $0 + 1 })
        }
    }

    @Test func watchersThatStopReadingGoOnWhereTheyWere() throws {
        let daemon = try DaemonFixture.scripted()
        let (job, last) = try past(daemon, figures: 5000)
        // Ten that do not read until all have asked, and one that reads at once.
        let slow = try (0..<10).map { _ in try daemon.connection() }
        for connection in slow { try connection.send("job.watch", ["job": job, "since": 0]) }
        #expect(try watch(daemon.connection(), job) == Array(1...last))
        for connection in slow {
            var numbers: [Int] = []
            while true {
                let message = try connection.receive()
                if message["method"] == nil { break }
                if let seq = (message["params"] as? Object)?["seq"] as? Int, message["method"] as? String == "job.event"
                {
                    numbers.append(seq)
                }
            }
            #expect(numbers == Array(1...last))
        }
    }

    /// In proportion to the events: what was read is not read again. Four times as many cost four times as much and
    /// would cost sixteen times as much otherwise.
    @Test func aLongPastCostsWhatItIsLong() throws {
        let daemon = try DaemonFixture.scripted()
        func cost(_ figures: Int) throws -> Double {
            let (job, last) = try past(daemon, figures: figures)
            let connection = try daemon.connection()
            let before = try seconds(daemon)
            #expect(try watch(connection, job).count == last)
            return try seconds(daemon) - before
        }
        _ = try cost(1000)
        let (short, long) = (try cost(10_000), try cost(40_000))
        #expect(long < 8 * short, "\(short) s and \(long) s")
    }

    /// Time that the daemon has computed, which does not depend on what else runs on the machine.
    private func seconds(_ daemon: DaemonFixture) throws -> Double {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.daemon)/task")
        return try tasks.reduce(0) { sum, task in
            let text = try String(contentsOfFile: "/proc/\(daemon.daemon)/task/\(task)/schedstat", encoding: .utf8)
            return sum + (Double(text.split(separator: " ")[0]) ?? 0) / 1e9
        }
    }
}
