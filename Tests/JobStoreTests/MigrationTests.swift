import Foundation
import JobStore
import ServiceAPI
import Testing

/// Databases of every schema that was in use open for ever.
struct MigrationTests {
    private static func copy(ofSchema number: Int) throws -> String {
        let source = try #require(
            Bundle.module.url(forResource: "schema-\(number)", withExtension: "sqlite", subdirectory: "Fixtures"))
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString).sqlite")
        try FileManager.default.copyItem(at: source, to: target)
        return target.path
    }

    private func check(_ path: String) throws {
        let store = try JobStore(path: path)
        let jobs = try store.jobs().reversed().map(\.job)
        #expect(jobs.map(\.id) == ["1", "2", "3", "4", "5", "6"])
        #expect(jobs.map(\.state) == [.succeeded, .failed, .cancelled, .running, .queued, .queued])
        #expect(jobs.map(\.wish) == [nil, nil, nil, nil, nil, nil])
        #expect(jobs[0].checkpoint == JobCheckpoint(step: 4, path: "/tmp/jobs/a/checkpoint-4"))
        #expect(jobs[1].error?.kind == .notFound || jobs[1].error?.kind == .badData)
        #expect(jobs[3].progress?.step == 50 && jobs[3].priority == 2)
        for job in jobs {
            let events = try store.events(of: job.id, since: 0)
            #expect(try store.job(job.id).lastSequence == events.last?.seq)
            #expect(!events.isEmpty)
        }
        // Its figures are among the events and stay readable.
        #expect(try store.events(of: "1", since: 0).count { $0.kind == .progress } == 4)
        #expect(try store.job(owner: jobs[0].owner, token: "first")?.job.id == "1")
        #expect(try store.liveJobs().map(\.id) == ["4", "5", "6"])
    }

    @Test func theFirstSchemaOpens() throws {
        let path = try Self.copy(ofSchema: 1)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try check(path)
        try check(path)
    }

    @Test func theSecondSchemaOpens() throws {
        let path = try Self.copy(ofSchema: 2)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for _ in 1...2 {
            let store = try JobStore(path: path)
            let jobs = try store.jobs().reversed().map(\.job)
            #expect(
                jobs.map(\.state) == [
                    .succeeded, .failed, .cancelled, .paused, .running, .waiting, .queued, .queued,
                ])
            #expect(jobs[5].after == ["5"] && jobs[7].forkedFrom == "1" && jobs[4].priority == 2)
            #expect(jobs.compactMap(\.memoryBytes).count == 7 && jobs.allSatisfy { $0.memory == nil })
            #expect(try store.liveJobs().map(\.id) == ["4", "5", "6", "7", "8"])
            #expect(try store.job("5").lastSequence == 1242)
        }
    }

    @Test func aMigrationThatIsKilledIsDoneAgain() async throws {
        let path = try Self.copy(ofSchema: 1)
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            _ = try JobStore(path: path) { _ in kill(getpid(), SIGKILL) }
        }
        try check(path)
    }

    @Test func aNewerSchemaIsRefused() throws {
        let path = try Self.copy(ofSchema: 1)
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try JobStore(path: path)
        try StoreFile.execute(path, "INSERT INTO migrations VALUES ('from the future')")
        let error = #expect(throws: JobStoreError.self) { try JobStore(path: path) }
        #expect(error == .newerSchema(migration: "from the future"))
        #expect(error?.description.contains("newer finetuned") == true)
    }

    @Test func somethingElseIsRefused() throws {
        let folder = TemporaryFolder()
        try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: folder.path("jobs.sqlite")))
        #expect(throws: JobStoreError.self) { try JobStore(path: folder.path("jobs.sqlite")) }
    }
}
