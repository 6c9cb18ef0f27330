import CSQLite
import Foundation
import JobStore
import ServiceTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct ManyJobsTests {
    typealias Object = ServiceConnection.Object

    /// A store of ten thousand jobs, a fifth of which wait for their turn.
    private func fill(_ state: String) throws {
        let path = state + "/jobs.sqlite"
        _ = try JobStore(path: path)
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        let sql = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            INSERT INTO jobs (owner, name, kind, state, priority, config, overrides, working_directory,
                output_directory, output_path, submitted_at, notes, last_seq)
            SELECT 0, 'run', 'train', CASE i % 5 WHEN 0 THEN 'paused' WHEN 1 THEN 'failed' ELSE 'succeeded' END,
                i % 7, '{"object":{"model_name_or_path":"quick","stage":"sft","do_train":true,"dataset":"none",\
            "template":"xverse","finetuning_type":"lora","max_steps":2}}', '[]', '/tmp', 'o' || i, '/tmp/o' || i,
                '2026-01-01T00:00:00.000Z', '[]', 1 FROM n;
            INSERT INTO events SELECT id, 1, 'state', 'T', '{"state":"queued"}' FROM jobs;
            UPDATE jobs SET state = 'queued' WHERE state = 'paused' AND id > 10;
            """
        #expect(sqlite3_open(path, &handle) == SQLITE_OK && sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    }

    @Test func aFullStoreIsReadyAndQuick() throws {
        let daemon = try DaemonFixture.scripted(state: fill)
        daemon.stop(SIGKILL)
        let started = Date()
        try daemon.start()
        let ready = Date().timeIntervalSince(started)
        print("ready with 10,000 jobs in the store after \(Int(ready * 1000)) ms")
        #expect(ready < 2)
        let client = try daemon.connection()
        let begun = Date()
        for number in 0..<50 {
            let id = try daemon.submit(client, "new-\(number)", steps: 1, ["priority": -9])
            try client.call("job.get", ["job": id])
            try client.call("job.cancel", ["job": id])
        }
        let each = Date().timeIntervalSince(begun) / 150
        print("a request with 2,000 jobs in the queue takes \(Int(each * 1e6)) µs")
        #expect(each < 0.05)
        #expect(try (client.call("job.list", ["limit": 10_000])["jobs"] as? [Object])?.count ?? 0 >= 10_000)
    }
}
