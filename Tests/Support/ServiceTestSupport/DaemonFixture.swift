package import Foundation
import LinuxSystem
import Synchronization

/// A daemon of a test's own: private socket, private state, everything below one folder.
package final class DaemonFixture {
    package let folder: URL
    private var process: ChildProcess?
    private let environment: [String: String]
    private let arguments: [String]
    private let descriptors: Int?
    private let launcher: [String]
    private let readsLog: Bool
    /// What the daemon says, until somebody reads on; -1 for none.
    private var errors: Int32 = -1
    private let log = Log()

    /// - Parameters:
    ///   - arguments: of the daemon, after its socket and state directory
    ///   - limits: lines below `limits` in its finetuned.yaml
    ///   - descriptors: how many it may have open
    ///   - launcher: a program with arguments that executes the daemon
    ///   - readsLog: whether its log is read on from the start; if not, its pipe holds 4 KiB until `readLog`
    package init(
        environment: [String: String] = [:], arguments: [String] = [], limits: [String] = [], descriptors: Int? = nil,
        folder: URL = DaemonFixture.newFolder(), launcher: [String] = [],
        readsLog: Bool = true,
        beforeStart: ((_ state: String) throws -> Void)? = nil
    ) throws {
        self.folder = folder
        self.environment = environment
        self.descriptors = descriptors
        self.launcher = launcher
        self.readsLog = readsLog
        let file = folder.appendingPathComponent("finetuned.yaml")
        self.arguments = arguments + (limits.isEmpty ? [] : ["--config", file.path])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if !limits.isEmpty {
            let text = "limits:\n" + limits.map { "  \($0)\n" }.joined()
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        if let beforeStart {
            try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
            try beforeStart(state)
        }
        try start()
    }

    deinit {
        stop(SIGKILL)
        letGoOfLog()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A short path: that of a socket may have 107 bytes.
    package static func newFolder() -> URL { URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))") }

    package var socket: String { folder.appendingPathComponent("s").path }
    package var state: String { folder.appendingPathComponent("state").path }
    package var daemon: Int32 { process?.process ?? -1 }
    package var isRunning: Bool { process.map { $0.poll() == nil } ?? false }
    package func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Starts the daemon and waits until it says that it is ready.
    package func start() throws {
        letGoOfLog()
        var command =
            launcher + [Checkout.program("finetuned").path, "--socket", socket, "--state-dir", state] + arguments
        if let descriptors { command = ["/bin/sh", "-c", "ulimit -n \(descriptors) && exec \"$@\"", "sh"] + command }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        errors = ends[0]
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        do {
            // The daemon's end is its own, so that reading ends with it.
            defer { close(ends[1]) }
            process = try ChildProcess(
                program: command[0], arguments: Array(command.dropFirst()),
                environment: variables.map { "\($0.key)=\($0.value)" }, descriptors: [2: ends[1]])
        }
        try waitUntilReady()
        // F_SETPIPE_SZ of fcntl(2), which Glibc's module does not have.
        if readsLog { readLog() } else { _ = fcntl(errors, 1031, 4096) }
    }

    private func waitUntilReady() throws {
        var said: [UInt8] = []
        // Other lines of the log may come first.
        while !String(decoding: said, as: UTF8.self).split(separator: "\n").contains("ready \(socket)") {
            var log = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
            if poll(&log, 1, 10_000) == 0 {
                // A test may have made the line fail.
                if (try? ServiceConnection(socket)) != nil { return }
                throw NotReady(said: "(nothing for 10 s) " + String(decoding: said, as: UTF8.self))
            }
            guard let more = Self.read(errors) else { throw NotReady(said: String(decoding: said, as: UTF8.self)) }
            said += more
        }
    }

    /// What there is, nil at the end.
    private static func read(_ number: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(number, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Reads what the daemon says from now on, until it ends.
    package func readLog() {
        let number = errors
        errors = -1
        guard number >= 0 else { return }
        let thread = Thread { [log] in
            while let said = Self.read(number) { log.text.withLock { $0 += String(decoding: said, as: UTF8.self) } }
            close(number)
        }
        thread.start()
    }

    private func letGoOfLog() {
        if errors >= 0 { close(errors) }
        errors = -1
    }

    /// Waits up to 10 s until the log that was read holds `text`.
    package func waitForLog(_ text: String) -> Bool {
        for _ in 0..<1000 {
            if log.text.withLock({ $0.contains(text) }) { return true }
            usleep(10_000)
        }
        return false
    }

    package struct NotReady: Error { package let said: String }

    /// Sends a signal and goes on.
    package func signal(_ number: Int32) { process?.signal(number) }

    package func waitUntilExit() { while isRunning { usleep(1000) } }

    /// Sends a signal and waits for the end.
    package func stop(_ signal: Int32) {
        process?.signal(signal)
        waitUntilExit()
    }

    /// Runs tunectl against this daemon.
    package func tunectl(
        _ arguments: String..., input: String? = nil, directory: URL? = nil, seconds: Double = 120
    ) throws -> Finished {
        try run(
            Checkout.program("tunectl"), arguments, input: input,
            environment: environment.merging(["FINETUNED_SOCKET": socket]) { $1 }, directory: directory,
            seconds: seconds)
    }

    /// Worker processes of this daemon.
    package func workers() -> [Int32] {
        // Each thread has children of its own.
        let tasks = "/proc/\(daemon)/task"
        return ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).flatMap { task in
            let text = (try? String(contentsOfFile: "\(tasks)/\(task)/children", encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { Int32($0) }
        }
    }

    /// Descriptors that the daemon has open.
    package var openDescriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon)/fd").count) ?? 0
    }

    /// A number of /proc/PID/status of the daemon, such as `VmRSS`, in bytes.
    package func memory(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(daemon)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// A copy of a program where every user may run it.
    package func copyForOthers(_ name: String) throws -> String {
        let copy = path(name)
        if !FileManager.default.fileExists(atPath: copy) {
            try FileManager.default.copyItem(atPath: Checkout.program(name).path, toPath: copy)
        }
        return copy
    }
}

/// What a daemon has said.
private final class Log: Sendable {
    let text = Mutex("")
}
