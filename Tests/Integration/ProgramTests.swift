import Foundation
import ServiceTestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct ProgramTests {
    @Test(arguments: ["finetuned", "finetuned-worker", "tunectl"])
    func programsNeedNoSwiftToolchain(name: String) throws {
        let libraries = try run(URL(fileURLWithPath: "/usr/bin/ldd"), [Checkout.program(name).path])
        #expect(libraries.status == 0)
        #expect(!libraries.output.contains("libswift") && !libraries.output.contains("libFoundation"))
        let version = try run(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["-i", "PATH=/usr/bin:/bin", Checkout.program(name).path, name == "tunectl" ? "version" : "--version"])
        #expect(version.status == 0 && version.output.contains(name), "\(version.errors)")
    }

    @Test func theDaemonAndTheClientContainNoNumericCode() throws {
        for name in ["finetuned", "tunectl"] {
            let program = try Data(contentsOf: Checkout.program(name))
            for symbol in ["cblas_sgemm", "openblas_get_corename", "libopenblas.so"] {
                #expect(program.range(of: Data(symbol.utf8)) == nil, "\(name) contains \(symbol)")
            }
        }
    }

    @Test func anIdleDaemonIsSmall() throws {
        let daemon = try DaemonFixture()
        let status = try String(contentsOfFile: "/proc/\(daemon.daemon)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        let kibibytes = try #require(Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]))
        #expect(kibibytes < 30 * 1024)
    }

    /// What lies at the socket's path is removed only if it is a socket that was left behind.
    @Test func aFileWhereTheSocketShouldBeStays() throws {
        let folder = DaemonFixture.newFolder()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("f.txt")
        try Data("precious\n".utf8).write(to: file)
        let refused = try run(
            Checkout.program("finetuned"), ["--socket", file.path, "--state-dir", folder.path + "/state"], seconds: 10)
        #expect(refused.status == 73 && refused.errors.contains("a file, no socket, is there"), "\(refused.errors)")
        // The reason is told once.
        #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
        #expect(try String(contentsOf: file, encoding: .utf8) == "precious\n")
    }

    /// Without a runtime directory and without a right to the system's: tunectl finds the daemon all the same.
    @Test(.enabled(if: getuid() == 0 && !FileManager.default.fileExists(atPath: "/run/finetuned"), "needs root"))
    func aDaemonWithoutARuntimeDirectoryIsFound() throws {
        let folder = DaemonFixture.newFolder()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let unset = ["XDG_RUNTIME_DIR", "XDG_STATE_HOME", "FINETUNED_SOCKET"].flatMap { ["-u", $0] }
        let script = """
            '\(Checkout.program("finetuned").path)' 2> log & daemon=$!
            for i in $(seq 500); do grep -q ^ready log && break; sleep 0.02; done
            '\(Checkout.program("tunectl").path)' models --json; status=$?
            kill -TERM $daemon; wait $daemon; cat log >&2; exit $status
            """
        let found = try run(
            URL(fileURLWithPath: "/usr/bin/env"), unset + ["HOME=\(folder.path)", "/bin/bash", "-c", script],
            directory: folder, seconds: 30)
        let socket = folder.path + "/.local/state/finetuned/finetuned.sock"
        #expect(found.status == 0 && found.output == "[]\n", "\(found.output)\(found.errors)")
        #expect(found.errors.contains("ready \(socket)") && found.errors.contains("XDG_RUNTIME_DIR is not set"))
        #expect(!FileManager.default.fileExists(atPath: socket), "it goes with the daemon")
    }

    @Test func twoDaemonsDoNotShareAStateDirectory() throws {
        let daemon = try DaemonFixture()
        let second = try run(
            Checkout.program("finetuned"), ["--socket", daemon.path("other"), "--state-dir", daemon.state], seconds: 10)
        #expect(second.status == 75)
        #expect(second.errors.contains(daemon.state))
    }
}
