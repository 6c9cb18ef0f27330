import Foundation
import REPL
import Testing

struct HistoryFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID())")

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func isPrivateAndKeepsTheOrder() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let history = try #require(HistoryFile(environment: ["XDG_STATE_HOME": folder.path, "HOME": "/nowhere"]))
        #expect(history.path == folder.path + "/tunectl/history")
        #expect(history.load().isEmpty)
        for line in ["one", "zwei €", ""] { history.append(line) }
        #expect(history.load() == ["one", "zwei €"])
        #expect(try mode(history.path) == 0o600)
        #expect(try mode(folder.path + "/tunectl") == 0o700)
        // A file that was left open to others is closed to them.
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: history.path)
        history.append("three")
        #expect(try mode(history.path) == 0o600)
    }

    @Test func doesNotGrowForEver() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let history = HistoryFile(path: folder.path + "/history")
        history.append("first")
        let lines = (1...2 * HistoryFile.capacity).map { "line \($0)" }
        try Data(lines.joined(separator: "\n").utf8 + [0x0A]).write(to: URL(fileURLWithPath: history.path))
        history.append("last")
        #expect(history.load().count == HistoryFile.capacity)
        let kept = try String(contentsOfFile: history.path, encoding: .utf8).split(separator: "\n")
        #expect(kept.count == HistoryFile.capacity && kept.last == "last")
        #expect(try mode(history.path) == 0o600)
    }

    @Test func withoutAPlaceThereIsNoHistory() {
        #expect(HistoryFile(environment: [:]) == nil)
        #expect(HistoryFile(environment: ["HOME": "/home/x"])?.path == "/home/x/.local/state/tunectl/history")
        let history = HistoryFile(path: "/proc/nowhere/history")
        history.append("lost")
        #expect(history.load().isEmpty)
    }
}
