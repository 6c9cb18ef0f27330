import Glibc
import Testing
import TunectlCommands

struct SocketTests {
    private func path(_ option: String?, _ environment: [String: String], exists: Bool = false) throws -> String {
        try SocketChoice.path(option: option, environment: environment) { _ in exists }
    }

    @Test func orderOfChoice() throws {
        let all = ["FINETUNED_SOCKET": "/f", "XDG_RUNTIME_DIR": "/x"]
        #expect(try path("/o", all) == "/o")
        #expect(try path(nil, all) == "/f")
        #expect(try path(nil, ["XDG_RUNTIME_DIR": "/x"], exists: true) == "/x/finetuned.sock")
        #expect(try path(nil, ["XDG_RUNTIME_DIR": "/x"]) == "/run/finetuned/finetuned.sock")
        #expect(try path(nil, ["FINETUNED_SOCKET": ""]) == "/run/finetuned/finetuned.sock")
    }

    @Test func longPathsAreRefusedWithTheReason() throws {
        #expect(try path("/" + String(repeating: "a", count: 106), [:]).utf8.count == 107)
        let failure = #expect(throws: CommandFailure.self) { try path("/" + String(repeating: "a", count: 107), [:]) }
        #expect(failure?.message.contains("at most 107") == true)
        #expect(failure?.exitCode == .usage)
    }

    @Test func waitsForASocketThatIsMissing() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let failure = #expect(throws: CommandFailure.self) {
            try SocketTransport.connect(path: "/nonexistent/x.sock", patience: 0.2, interrupts: .none)
        }
        #expect(failure?.kind == "unreachable")
        #expect(clock.now - start >= .milliseconds(190))
        #expect(clock.now - start < .seconds(5))
    }
}
