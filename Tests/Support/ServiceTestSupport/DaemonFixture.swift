package import Foundation

/// A daemon of a test's own: private socket, private state, everything below one folder.
package final class DaemonFixture {
    package let folder: URL
    private var process: Process?
    private let environment: [String: String]

    package init(environment: [String: String] = [:]) throws {
        folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
        self.environment = environment
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try start()
    }

    deinit {
        stop(SIGKILL)
        try? FileManager.default.removeItem(at: folder)
    }

    package var socket: String { folder.appendingPathComponent("s").path }
    package var state: String { folder.appendingPathComponent("state").path }
    package var daemon: Int32 { process?.processIdentifier ?? -1 }
    package var isRunning: Bool { process?.isRunning ?? false }
    package func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Starts the daemon and waits until it says that it is ready.
    package func start() throws {
        let process = Process()
        process.executableURL = Checkout.program("finetuned")
        process.arguments = ["--socket", socket, "--state-dir", state]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let errors = Pipe()
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        var said = Data()
        // Other lines of the log may come first.
        while !String(decoding: said, as: UTF8.self).split(separator: "\n").contains("ready \(socket)") {
            let more = errors.fileHandleForReading.availableData
            if more.isEmpty { throw NotReady(said: String(decoding: said, as: UTF8.self)) }
            said += more
        }
        // Later lines go nowhere, but the pipe must not fill up.
        errors.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    package struct NotReady: Error { package let said: String }

    /// Sends a signal and waits for the end.
    package func stop(_ signal: Int32) {
        guard let process, process.isRunning else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
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
        let children = "/proc/\(daemon)/task/\(daemon)/children"
        let text = (try? String(contentsOfFile: children, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }
}
