import JSONDocuments
import TerminalOutput
import Testing
import TunectlCommands

struct TopTests {
    private static let service: FakeDaemon.Handler = { id, method, params in
        let wantsEnded = params["states"]?.array?.contains("succeeded") ?? false
        let running: JSONValue = [
            "id": "4", "state": "running", "priority": 0, "output_dir": "out",
            "progress": [
                "phase": "training", "step": 30, "total_steps": 120, "loss": 1.23456, "tokens_per_second": 4567.8,
                "remaining": 63,
            ],
        ]
        switch method {
        case "system.info":
            return [
                FakeDaemon.result(
                    id,
                    [
                        "version": "1.2", "cores": 2, "resident_bytes": 10_485_760,
                        "started_at": "2026-01-02T03:04:05Z", "jobs": ["running": 1, "queued": 2, "failed": 0],
                    ])
            ]
        case "job.list" where wantsEnded:
            return [FakeDaemon.result(id, ["jobs": [["id": "1", "state": "succeeded", "output_dir": "old"]]])]
        case "job.list":
            // The newest first, as the service lists them.
            return [
                FakeDaemon.result(
                    id,
                    [
                        "jobs": [
                            ["id": "6", "state": "queued", "priority": 9], running,
                            ["id": "3", "state": "queued", "priority": 0],
                            ["id": "2", "state": "queued", "priority": 0],
                        ]
                    ])
            ]
        default:
            return [
                FakeDaemon.result(
                    id, ["models": [["model": "/m", "weights_loaded": true, "resident_bytes": 2_097_152]]])
            ]
        }
    }

    @Test func aSnapshotForFiles() {
        let run = TunectlRun(["top"], daemon: Self.service)
        #expect(run.exitCode == .success)
        #expect(run.lines[0].hasPrefix("finetuned 1.2 since 2026-01-02T03:04:05Z, now 20"))
        #expect(run.lines[1] == "jobs    1 running, 2 queued")
        #expect(run.output.contains("models 2.0 MiB, daemon 10.0 MiB"))
        #expect(run.output.contains("4    running    25 %  30/120  1.235  4568      1:03  out\n"))
        #expect(!run.output.contains("\u{1B}"))
        #expect(!run.output.contains("█"))
        let ids = run.lines.filter {
            ["queued", "running", "succeeded"].contains($0.split(separator: " ").dropFirst().first)
        }
        #expect(ids.map { $0.prefix(1) } == ["4", "6", "2", "3", "1"])
    }

    @Test func theSnapshotAsJSON() throws {
        let json = try JSONValue(parsing: TunectlRun(["top", "--json"], daemon: Self.service).output)
        #expect(json["jobs"]?.array?.compactMap { $0["id"]?.string } == ["4", "6", "2", "3", "1"])
        #expect(json["service"]?["version"] == "1.2")
        #expect((json["machine"]?["memory_bytes"]?.integer ?? 0) > 1 << 20)
        #expect(json["at"]?.string?.hasSuffix("Z") == true)
        let chosen = TunectlRun(["top", "--json=at,models"], daemon: Self.service)
        #expect(try JSONValue(parsing: chosen.output).object?.keys == ["at", "models"])
    }

    @Test func onATerminalNoLineIsTooLong() {
        let run = TunectlRun(["top", "--once"], terminal: true, daemon: Self.service)
        #expect(run.output.contains("█"))
        for line in run.lines { #expect(TextColumns.width(line) <= 80) }
    }

    @Test func plainRowsAndWrongIntervals() {
        #expect(TunectlRun(["top", "--plain"], daemon: Self.service).lines[0].hasPrefix("4\trunning\t"))
        #expect(TunectlRun(["top", "--interval", "0"], daemon: Self.service).exitCode == .usage)
        #expect(TunectlRun(["top"]).exitCode == .unreachable)
    }
}
