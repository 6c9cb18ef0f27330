import Checkpoints
import Foundation
import JSONDocuments
import LinuxSystem
import ServiceAPI
import Testing
import WorkerService

/// Whose lines lie in an output folder, and which of them a later attempt goes on from.
struct GeneratedLinesTests {
    private final class Folder {
        let path = NSTemporaryDirectory() + "generated-\(UUID().uuidString)"
        var file: URL { URL(fileURLWithPath: path + "/generated.jsonl") }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func lines(
            run: String = "job-1-a", input: String = "i", again: Bool = true, overwrites: Bool = false
        ) throws -> GeneratedLines {
            try GeneratedLines(
                in: OutputFolder(path: path), run: run, input: input, isContinuation: again, overwrites: overwrites)
        }

        func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }
        func write(_ text: String) throws { try Data(text.utf8).write(to: file) }
    }

    private static let error: JSONValue = ["error": ["kind": "bad_request"]]

    /// Three lines on the disk, one of them an error, and a fourth that was not recorded any more.
    private func begun() throws -> Folder {
        let folder = Folder()
        let lines = try folder.lines(again: false)
        for line: JSONValue in [["text": "a"], Self.error, ["text": "b"]] { try lines.append(line) }
        try lines.synchronize()
        try lines.append(Self.error)
        return folder
    }

    @Test func anotherAttemptGoesOnBehindTheLastWholeLine() throws {
        let folder = try begun()
        let text = try folder.text()
        try folder.write(text + "{\"te")
        let lines = try folder.lines()
        #expect(lines.count == 4 && lines.errors == 2)
        #expect(try folder.text() == text)
        try lines.append(["text": "c"])
        try lines.synchronize()
        let again = try folder.lines()
        #expect(again.count == 5 && again.errors == 2)
    }

    @Test func linesOfOthersAreRefusedAtEveryAttempt() throws {
        for again in [false, true] {
            let folder = try begun()
            #expect(throws: CheckpointError.self) { try folder.lines(run: "job-2-b", again: again) }
            try FileManager.default.removeItem(atPath: folder.path + "/generated.run.json")
            let text = try folder.text()
            #expect(throws: CheckpointError.self) { try folder.lines(again: again) }
            #expect(try folder.text() == text)
            // A first attempt whose own lines are there was started by another daemon.
            let anew = try folder.lines(again: again, overwrites: true)
            #expect(try anew.count == 0 && folder.text().isEmpty)
        }
    }

    @Test func whatWasChangedMeanwhileIsSaid() throws {
        let folder = try begun()
        let text = try folder.text()
        #expect(throws: ServiceError.self) { try folder.lines(input: "j") }
        for changed in [text.replacing("\"a\"", with: "\"x\""), "", String(text.prefix(20))] {
            try folder.write(changed)
            #expect(throws: ServiceError.self) { try folder.lines() }
            #expect(try folder.text() == changed)
        }
        try folder.write(text)
        #expect(try folder.lines().count == 4)
    }

    /// An attempt may end before its first line is recorded.
    @Test func aBeginningThatWasCutShort() throws {
        let folder = Folder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try folder.write("")
        try folder.lines(again: false).append(["text": "a"])
        #expect(try folder.lines().count == 1)
        try FileManager.default.removeItem(at: folder.file)
        #expect(try folder.lines().count == 0)
        // What came to the place meanwhile is somebody else's.
        try FileManager.default.removeItem(at: folder.file)
        let foreign = "{\"text\":\"foreign\"}\n"
        try Data(foreign.utf8).write(to: folder.file, options: .atomic)
        #expect(throws: ServiceError.self) { try folder.lines() }
        #expect(try folder.text() == foreign)
    }
}
