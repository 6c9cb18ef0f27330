import Foundation
import WeightFiles

/// Opens a file with these bytes; its name is gone before this returns.
func openSafetensors(_ bytes: [UInt8]) throws -> SafetensorsFile {
    let path = temporaryPath()
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    return try SafetensorsFile(path: path)
}

/// Runs `body` with a directory that exists as long as it runs.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = temporaryPath()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("weights-\(UUID().uuidString)").path
}
