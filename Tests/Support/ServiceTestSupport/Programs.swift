package import Foundation
import LinuxSystem

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
    // Files instead of pipes: a pipe that nobody reads would block the program.
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let files = try ["in", "out", "err"].map { name in
        let file = scratch.appendingPathComponent(name)
        try Data((name == "in" ? input ?? "" : "").utf8).write(to: file)
        return file
    }
    let handles = try [
        FileHandle(forReadingFrom: files[0]), FileHandle(forWritingTo: files[1]), FileHandle(forWritingTo: files[2]),
    ]
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Not Foundation's `Process`, which among thousands of programs crashed once.
    let process = try withExtendedLifetime(handles) {
        try ChildProcess(
            program: "/usr/bin/env", arguments: ["-C", (directory ?? Checkout.root).path, program.path] + arguments,
            environment: variables.map { "\($0.key)=\($0.value)" },
            descriptors: [0: handles[0].fileDescriptor, 1: handles[1].fileDescriptor, 2: handles[2].fileDescriptor])
    }
    let deadline = Date().addingTimeInterval(seconds)
    var isLate = false
    var exit = process.poll()
    while exit == nil {
        if Date() > deadline {
            process.signal(SIGKILL)
            isLate = true
        }
        usleep(2000)
        exit = process.poll()
    }
    let status: Int32 =
        switch exit {
        case .status(let code)?: code
        case .signal(let number)?: number
        case nil: -1
        }
    let texts = try files.dropFirst().map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return Finished(status: isLate ? 124 : status, output: texts[0], errors: texts[1])
}
