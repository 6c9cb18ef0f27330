import Checkpoints
import Foundation
import Testing

/// What is written for a pause goes when the run has gone on.
struct PassingCheckpointTests {
    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    @Test func ofEachRunItsOwn() throws {
        let path = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(step: 1, in: path)
        try write(step: 2, in: path, passing: .whole)
        try write(step: 3, in: path, passing: .files(["optimizer.safetensors"]))
        try write(step: 4, in: path, run: "other", passing: .whole)
        #expect(CheckpointFolders.passing(in: path, run: "run") == [2: .whole, 3: .files])
        #expect(CheckpointFolders.newestValid(in: path, run: "run").found?.manifest.step == 3)
    }

    @Test func wholeOnesGoAndOthersShrink() throws {
        let path = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let output = try OutputFolder(path: path)
        try write(step: 2, in: path, passing: .whole)
        try write(step: 3, in: path, passing: .files(["optimizer.safetensors"]))
        try write(step: 4, in: path)
        for step in [2, 3, 4] { try CheckpointFolders.letPass(step: step, in: output) }
        #expect(try names(path) == ["checkpoint-3", "checkpoint-4"])
        #expect(try names("\(path)/checkpoint-3") == ["MANIFEST.json", "model.safetensors", "trainer_state.json"])
        // It is what it would have been without the pause, and as old.
        let plain = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: plain) }
        try write(step: 3, in: plain, isResumable: false)
        for name in try names("\(plain)/checkpoint-3") {
            let expected = try Data(contentsOf: URL(fileURLWithPath: "\(plain)/checkpoint-3/\(name)"))
            let found = try Data(contentsOf: URL(fileURLWithPath: "\(path)/checkpoint-3/\(name)"))
            #expect(found == expected, "\(name)")
        }
        #expect(CheckpointFolders.stepsByAge(in: path) == [3, 4])
    }
}
