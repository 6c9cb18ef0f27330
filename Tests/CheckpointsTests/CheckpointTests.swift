import Checkpoints
import Foundation
import RunConfiguration
import Synchronization
import Testing

func temporaryFolder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

/// Writes a small checkpoint of three files.
func write(
    step: Int, in path: String, run: String = "run", isResumable: Bool = true,
    passing: CheckpointTransaction.Passing? = nil
) throws {
    let transaction = try CheckpointTransaction(step: step, in: OutputFolder(path: path))
    for name in ["model.safetensors"] + (isResumable ? ["optimizer.safetensors"] : []) + ["trainer_state.json"] {
        try transaction.writeFile(name) { append in
            try [UInt8](repeating: UInt8(step & 255), count: 1000).withUnsafeBytes { try append($0) }
        }
    }
    _ = try transaction.commit(
        run: run,
        .init(configuration: "c", data: "d", seed: 1, threads: 2, coreType: "x", vectorInstructions: "y"),
        passing: passing)
}

/// What one thread counts until another says that it is over.
private final class Watcher: Sendable {
    let isOver = Atomic(false)
    let missed = Atomic(0)
}

struct CheckpointTests {
    @Test func newestValidIsUsedAndDamageIsNoticed() throws {
        let path = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(step: 9, in: path)
        try write(step: 10, in: path, run: "other")
        #expect(CheckpointFolders.newestValid(in: path).found?.path == "\(path)/checkpoint-10")
        #expect(CheckpointFolders.newestValid(in: path, run: "run").found?.path == "\(path)/checkpoint-9")
        try Data([1, 2]).write(to: URL(fileURLWithPath: "\(path)/checkpoint-10/model.safetensors"))
        let search = CheckpointFolders.newestValid(in: path)
        #expect(search.found?.path == "\(path)/checkpoint-9" && search.passedOver.count == 1)
    }

    /// Kills the process at every point of writing a checkpoint in turn; the one before must be found.
    @Test func deathAtEveryPointLeavesTheCheckpointBefore() async throws {
        // Three files with two points each, the manifest with two, folder, rename, parent.
        for count in 1...11 {
            let path = try temporaryFolder()
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write(step: 1, in: path)
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, count = count as Int] in
                setenv(Failpoint.variable, "\(Failpoint.everyName):\(count)", 1)
                try write(step: 2, in: path)
            }
            let newest = CheckpointFolders.newestValid(in: path)
            #expect(newest.found?.manifest.step == (count <= 9 ? 1 : 2), "point \(count)")
            #expect(newest.passedOver.isEmpty)
            try CheckpointFolders.removeLeftovers(in: OutputFolder(path: path))
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { !$0.contains(".tmp-") })
        }
    }

    /// The only checkpoint there is, written anew: whenever the process dies, the old one or the new one is there.
    @Test func deathWhileReplacingLeavesOneOfBoth() async throws {
        for count in 1...11 {
            let path = try temporaryFolder()
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write(step: 1, in: path, run: "old")
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, count = count as Int] in
                setenv(Failpoint.variable, "\(Failpoint.everyName):\(count)", 1)
                try write(step: 1, in: path, run: "new")
            }
            let newest = CheckpointFolders.newestValid(in: path)
            #expect(newest.found?.manifest.run == (count <= 9 ? "old" : "new"), "point \(count)")
            #expect(newest.passedOver.isEmpty)
            try CheckpointFolders.removeLeftovers(in: OutputFolder(path: path))
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["checkpoint-1"])
        }
    }

    @Test func aCheckpointThatIsReplacedIsNeverMissing() throws {
        let path = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(step: 1, in: path)
        let watcher = Watcher()
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue(label: "watch").async {
            while !watcher.isOver.load(ordering: .relaxed) {
                if access("\(path)/checkpoint-1/model.safetensors", R_OK) != 0 {
                    watcher.missed.add(1, ordering: .relaxed)
                }
            }
            ended.signal()
        }
        for _ in 0..<100 { try write(step: 1, in: path) }
        watcher.isOver.store(true, ordering: .relaxed)
        ended.wait()
        #expect(watcher.missed.load(ordering: .relaxed) == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["checkpoint-1"])
    }

    @Test(
        arguments: [
            ([1, 2, 3], 2, nil, [1]), ([1, 2, 3], 1, 3, [1, 2]), ([1, 2, 3], 1, 1, [2]), ([1, 2, 3], 2, 1, [2]),
            ([1, 2], nil, nil, []), ([500, 10, 20], 2, nil, [500]),
        ] as [([Int], Int?, Int?, [Int])])
    func retention(steps: [Int], limit: Int?, best: Int?, removed: [Int]) {
        #expect(CheckpointRetention.stepsToRemove(oldestFirst: steps, limit: limit, best: best) == removed)
    }

    @Test func names() {
        #expect(CheckpointName.step(of: "checkpoint-12") == 12)
        for name in ["checkpoint-", "checkpoint-1a", "checkpoint--1", "check", "checkpoint-5.tmp-a"] {
            #expect(CheckpointName.step(of: name) == nil, "\(name)")
        }
        #expect(CheckpointName.isTemporary("checkpoint-5.tmp-ab") && !CheckpointName.isTemporary("notes.tmp-ab"))
    }
}
