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

    @Test func twoDaemonsDoNotShareAStateDirectory() throws {
        let daemon = try DaemonFixture()
        let second = try run(
            Checkout.program("finetuned"), ["--socket", daemon.path("other"), "--state-dir", daemon.state], seconds: 10)
        #expect(second.status == 75)
        #expect(second.errors.contains(daemon.state))
    }
}
