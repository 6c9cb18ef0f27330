import Foundation
import ServiceTestSupport
import Testing

/// Every exit code of the contract, out of the real program.
@Suite(.timeLimit(.minutes(3))) struct ExitCodeTests {
    @Test func codesThatTheServiceGives() throws {
        let daemon = try DaemonFixture()
        func code(_ arguments: String..., input: String? = nil) throws -> Int32 {
            let run = try run(
                Checkout.program("tunectl"), arguments, input: input, environment: ["FINETUNED_SOCKET": daemon.socket])
            return run.status
        }
        let model = Checkout.root.path + "/examples/valley/base"
        #expect(try code("jobs") == 0)
        #expect(try code("no-such-command") == 2)
        #expect(try code("jobs", "--state", "sleeping") == 2)
        #expect(try code("tokenize", "--model", model, "--jsonl", input: "no json\n") == 65)
        #expect(try code("show", "77") == 66)
        #expect(try code("submit", daemon.path("none.yaml")) == 66)
        #expect(try code("submit", "-", input: "stage: nonsense\n") == 78)

        // A run that ends well, one whose data is missing, and one that is cancelled.
        let good = try SmallRun.write(to: daemon.folder, steps: 2, extra: ["output_dir: \(daemon.path("good"))"])
        #expect(try code("run", good) == 0)
        let long = try SmallRun.write(
            to: daemon.folder, steps: 100_000, extra: ["output_dir: \(daemon.path("long"))"])
        let id = try daemon.tunectl("submit", long).output.trimmingCharacters(in: .newlines)
        #expect(try code("cancel", id) == 0)
        #expect(try code("watch", id) == 3)
        let bad = try SmallRun.write(
            to: daemon.folder, steps: 2,
            extra: ["output_dir: \(daemon.path("bad"))", "eval_dataset: no_such_data", "eval_strategy: steps"])
        let failing = try code("run", bad)
        #expect(failing == 1 || failing == 65, "\(failing)")
    }

    @Test func aFileThatCannotBeMade() throws {
        let daemon = try DaemonFixture()
        let run = try daemon.tunectl("--model", "m", input: "/save /proc/no/file\n")
        #expect(run.status == 73)
        #expect(run.errors.contains("/proc/no/file cannot be written"))
        // A dialogue replaces a dialogue and nothing else.
        let file = daemon.path("tune.yaml")
        try Data("precious: true\n".utf8).write(to: URL(fileURLWithPath: file))
        let refused = try daemon.tunectl("--model", "m", input: "/save \(file)\n")
        #expect(refused.status == 73 && refused.errors.contains("is no dialogue"), "\(refused.errors)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious: true\n")
        let talk = daemon.path("talk.json")
        for _ in 0..<2 { #expect(try daemon.tunectl("--model", "m", input: "/save \(talk)\n").status == 0) }
    }

    @Test func withoutADaemon() throws {
        let run = try run(Checkout.program("tunectl"), ["jobs", "--socket", "/tmp/no-daemon-\(UUID())"])
        #expect(run.status == 69)
        #expect(run.errors.contains("no daemon answers"))
    }

    @Test func anInterrupt() throws {
        let daemon = try DaemonFixture()
        let terminal = try PseudoTerminal(
            Checkout.program("tunectl"), ["generate", "--model", "m"], environment: ["FINETUNED_SOCKET": daemon.socket])
        // It waits for its prompt on standard input.
        Thread.sleep(forTimeInterval: 0.5)
        terminal.type("\u{3}")
        #expect(try terminal.exitStatus() == 130)
    }

    /// What a service can answer, from one that answers nothing else.
    @Test(
        arguments: [
            ("internal", 70), ("io", 70), ("disk_full", 73), ("conflict", 73), ("busy", 75), ("oom", 75),
            ("shutting_down", 75), ("permission", 77), ("bad_config", 78), ("not_available", 78), ("timeout", 124),
            ("cancelled", 3),
            ("bad_data", 65), ("bad_request", 2),
        ] as [(String, Int32)])
    func codesOfTheOtherKinds(kind: String, code: Int32) throws {
        let service = try OneAnswerService(
            #"{"jsonrpc":"2.0","id":1,"error":{"code":1000,"message":"no","data":{"kind":"\#(kind)"}}}"#)
        let run = try run(Checkout.program("tunectl"), ["jobs", "--socket", service.path], seconds: 10)
        #expect(run.status == code)
        #expect(run.errors == "tunectl: \(kind): no\n")
        #expect(run.output.isEmpty)
    }
}

/// A socket that answers the first line that comes with a line of its own.
private final class OneAnswerService {
    let path = "/tmp/ft-answer-\(UUID().uuidString.prefix(8))"
    private let listener: Int32

    init(_ answer: String) throws {
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 4) == 0)
        Thread.detachNewThread { [listener] in
            let connection = accept(listener, nil, nil)
            var bytes = [UInt8](repeating: 0, count: 4096)
            _ = read(connection, &bytes, bytes.count)
            let line = Array((answer + "\n").utf8)
            _ = write(connection, line, line.count)
            // The client leaves first.
            _ = read(connection, &bytes, bytes.count)
            close(connection)
        }
    }

    deinit {
        close(listener)
        unlink(path)
    }
}
