import Foundation
import JSONDocuments
import JobStore
import ServiceAPI
import Testing

struct JobStoreTests {
    private let folder = TemporaryFolder()

    private func job(_ name: String, token: String? = nil, owner: UInt32 = 7) -> StoredJob {
        StoredJob(
            job: Job(
                id: "", name: name, kind: .train, state: .queued, owner: owner, priority: 1, outputDirectory: name,
                workingDirectory: "/w", submittedAt: "2026-01-01T00:00:00.000Z", notes: ["n"]),
            config: ConfigurationSource(text: "a: 1", name: "a.yaml"), overrides: ["b=2"], clientToken: token,
            outputPath: "/w/" + name)
    }

    @Test func whatWasStoredComesBack() throws {
        let store = try JobStore(path: folder.path("jobs.sqlite"))
        var given = job("a", token: "t")
        given.job.after = ["4", "5"]
        given.job.forkedFrom = "3"
        given.job.input = "/w/in.jsonl"
        given.job.matmulPrecision = "medium"
        var stored = try store.add(given, at: "T1")
        #expect(stored.job.id == "1" && stored.lastSequence == 1)
        stored.job.state = .running
        stored.job.wish = .pause
        stored.job.checkpoint = JobCheckpoint(step: 3, path: "/w/a/checkpoint-3")
        stored.job.threads = 2
        stored.job.memoryBytes = 1 << 40
        stored.job.memory = JobMemory(plannedPeakBytes: 5, mappedWeightBytes: 6, keepBelowBytes: 7)
        stored.job.error = ServiceError(.diskFull, "full").withSpace(needed: 5, available: 4)
        stored.failures = 2
        let events = try store.update(&stored, events: [(.note, ["message": "x"]), (.state, [:])], at: "T2")
        #expect(events.map(\.seq) == [2, 3] && stored.lastSequence == 3)
        let again = try JobStore(path: folder.path("jobs.sqlite"))
        let loaded = try again.job("1")
        #expect(loaded.job == stored.job && loaded.lastSequence == 3 && loaded.failures == 2)
        #expect(loaded.config == given.config && loaded.overrides == ["b=2"] && loaded.clientToken == "t")
        #expect(try again.events(of: "1", since: 1).map(\.kind) == [.note, .state])
        #expect(try again.states(of: ["1", "9"]) == ["1": .running])
        #expect(throws: JobStoreError.noSuchJob("2")) { try again.job("2") }
    }

    @Test func aTokenIsUsedOnceForEachOwner() throws {
        let store = try JobStore(path: folder.path("jobs.sqlite"))
        let first = try store.add(job("a", token: "t"), at: "T")
        #expect(try store.add(job("b", token: "t"), at: "T").job.id == first.job.id)
        #expect(try store.add(job("b", token: "t", owner: 8), at: "T").job.id != first.job.id)
        #expect(try store.add(job("b"), at: "T").job.id != store.add(job("b"), at: "T").job.id)
        #expect(try store.counts() == [.queued: 4])
    }

    @Test func anOutputPlaceIsKnownByItsOwner() throws {
        let store = try JobStore(path: folder.path("jobs.sqlite"))
        _ = try store.add(job("a"), at: "T")
        #expect(try store.hasJob(owner: 7, outputPath: "/w/a"))
        #expect(try !store.hasJob(owner: 8, outputPath: "/w/a"))
        #expect(try !store.hasJob(owner: 7, outputPath: "/w/b"))
    }

    @Test func retentionKeepsTheNewest() throws {
        let store = try JobStore(path: folder.path("jobs.sqlite"))
        for number in 1...6 {
            var stored = try store.add(job("j\(number)"), at: "T")
            stored.job.state = number == 1 ? .paused : .succeeded
            try store.update(&stored, events: [], at: "T")
        }
        #expect(try store.expiredJobs(RetentionRule(finalJobs: 3), limit: 10) == ["2", "3"])
        #expect(try store.expiredJobs(RetentionRule(finalJobs: 3), limit: 1).count == 1)
        #expect(try store.expiredJobs(RetentionRule(seconds: 86_400), limit: 10).isEmpty)
        try store.age(bySeconds: 86_401)
        #expect(try store.expiredJobs(RetentionRule(seconds: 86_400), limit: 10) == ["2", "3", "4", "5", "6"])
        try store.remove(["2", "3"])
        #expect(try store.jobs().map(\.job.id) == ["6", "5", "4", "1"])
        #expect(try store.events(of: "2", since: 0).isEmpty)
        // A number is never given again.
        try store.remove(["6"])
        #expect(try store.add(job("new"), at: "T").job.id == "7")
    }
}

/// A folder that goes with the test.
final class TemporaryFolder {
    private let url = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")

    init() { try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
