package import Foundation

/// The checkout and what `make build` leaves in it.
package enum Checkout {
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    package static func program(_ name: String) -> URL { root.appendingPathComponent("bin/\(name)") }
}

/// What a finished program left.
package struct Finished: Sendable {
    package var status: Int32
    package var output: String
    package var errors: String
}

/// Runs a program to its end; one that takes longer than `seconds` is killed and reported as 124.
package func run(
    _ program: URL, _ arguments: [String], input: String? = nil, environment: [String: String] = [:],
    directory: URL? = nil, seconds: Double = 120
) throws -> Finished {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = directory ?? Checkout.root
    // Files instead of pipes: a pipe that nobody reads would block the program.
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let files = try ["in", "out", "err"].map { name in
        let file = scratch.appendingPathComponent(name)
        try Data((name == "in" ? input ?? "" : "").utf8).write(to: file)
        return file
    }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    let deadline = Date().addingTimeInterval(seconds)
    var isLate = false
    while process.isRunning {
        if Date() > deadline {
            kill(process.processIdentifier, SIGKILL)
            isLate = true
        }
        usleep(2000)
    }
    let texts = try files.dropFirst().map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return Finished(status: isLate ? 124 : process.terminationStatus, output: texts[0], errors: texts[1])
}
