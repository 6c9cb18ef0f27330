import Foundation
import LinuxSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    private static func sleeper() throws -> ChildProcess {
        try ChildProcess(program: "/bin/sleep", arguments: ["1000"], environment: [], descriptors: [:])
    }

    @Test func aProcessDoesNotOutliveItsObject() throws {
        let process = try Self.sleeper().process
        #expect(kill(process, 0) != 0 && errno == ESRCH)
    }

    /// In a process of its own, which has one descriptor too few for the pidfd.
    @Test func aProcessThatCannotBeWatchedIsEndedAndReaped() async {
        await #expect(processExitsWith: .success) {
            let free = dup(0)
            close(free)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = rlim_t(free)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            #expect(throws: SystemError.self) { try Self.sleeper() }
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }
}
