import JSONDocuments
import ServiceAPI
import Testing
import TunectlCommands

struct ExitCodeTests {
    @Test(
        arguments: [
            ("bad_config", 78), ("bad_data", 65), ("not_found", 66), ("permission", 77), ("disk_full", 73),
            ("oom", 75), ("busy", 75), ("internal", 70), ("io", 70), ("something_new", 70), ("cancelled", 3),
            ("timeout", 124), ("network", 69),
            ("bad_request", 2), ("not_available", 78), ("conflict", 73), ("bad_model", 65), ("shutting_down", 75),
            ("worker_crashed", 70),
        ] as [(String, Int32)])
    func kinds(kind: String, code: Int32) {
        #expect(ExitCode(kind: kind).rawValue == code)
        let run = TunectlRun(["show", "7"]) { id, _, _ in [FakeDaemon.error(id, kind: kind, "no", hint: "so")] }
        #expect(run.exitCode.rawValue == code)
        #expect(run.errors == "tunectl: \(kind): no\n  hint: so\n")
        #expect(run.output.isEmpty)
    }

    @Test func failuresAreObjectsWithJSON() throws {
        let run = TunectlRun(["show", "7", "--json"]) { id, _, _ in
            [FakeDaemon.error(id, kind: "not_found", "no job 7")]
        }
        let error = try #require(try JSONValue(parsing: run.output)["error"])
        #expect(error["kind"]?.string == "not_found")
        #expect(error["message"]?.string == "no job 7")
        #expect(run.exitCode.rawValue == 66)
    }

    @Test(arguments: [(-32601, 2), (-32602, 2), (-32603, 70), (-32700, 70), (-32800, 3)] as [(Int64, Int32)])
    func protocolCodes(code: Int64, exitCode: Int32) {
        let run = TunectlRun(["rpc", "no.method"]) { id, _, _ in
            [["jsonrpc": "2.0", "id": id, "error": ["code": .integer(code), "message": "no"]]]
        }
        #expect(run.exitCode.rawValue == exitCode)
    }

    @Test(arguments: [("succeeded", 0), ("failed", 1), ("cancelled", 3)] as [(String, Int32)])
    func jobs(state: String, code: Int32) {
        let run = TunectlRun(["watch", "j1"]) { id, _, _ in
            [FakeDaemon.result(id, ["id": "j1", "state": .string(state), "error": ["kind": "oom"]])]
        }
        #expect(run.exitCode.rawValue == code)
    }

    @Test func everyPublishedKindHasACodeOfItsOwn() {
        for kind in ErrorKind.allCases { #expect(ExitCode(kind: kind.rawValue) != .success) }
        #expect(ExitCode(kind: "unreachable").rawValue == 69)
        #expect(ExitCode(kind: "interrupted").rawValue == 130)
    }

    @Test func withoutADaemon() {
        let run = TunectlRun(["jobs"])
        #expect(run.exitCode.rawValue == 69)
        #expect(run.errors == "tunectl: unreachable: no daemon\n")
    }

    @Test func aDaemonThatDies() {
        let run = TunectlRun(["jobs"]) { _, _, _ in nil }
        #expect(run.exitCode.rawValue == 69)
        #expect(run.errors.contains("closed the connection during job.list"))
    }

    @Test func ofSeveralTheLargest() {
        let run = TunectlRun(["cancel", "1", "2", "3"]) { id, _, params in
            switch params["job"]?.string {
            case "1": [FakeDaemon.error(id, kind: "not_found", "no job 1")]
            case "2": [FakeDaemon.error(id, kind: "permission", "not yours")]
            default: [FakeDaemon.result(id, ["id": "3", "state": "cancelled"])]
            }
        }
        #expect(run.exitCode.rawValue == 77)
        #expect(run.errors.hasSuffix("job 3: cancelled\n"))
    }
}
