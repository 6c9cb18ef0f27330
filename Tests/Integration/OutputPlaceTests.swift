import Foundation
import ServiceTestSupport
import Synchronization
import Testing

/// A run writes below its output folder and nowhere else, whatever lies there.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OutputPlaceTests {
    @Test func linksInTheOutputFolderAreNotWrittenThrough() throws {
        let daemon = try DaemonFixture()
        let (out, victims) = (daemon.path("out"), daemon.path("victims"))
        for folder in [out, victims, victims + "/checkpoint-2"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let names = [
            "adapter_model.safetensors", "adapter_config.json", "trainer_state.json", "trainer_log.jsonl",
            "all_results.json", "train_results.json", "tokenizer.json", "training_loss.png", "README.md",
            "training_args.json",
        ]
        for name in names {
            try Data("untouched".utf8).write(to: URL(fileURLWithPath: "\(victims)/\(name)"))
            symlink("\(victims)/\(name)", "\(out)/\(name)")
        }
        symlink("\(victims)/checkpoint-2", "\(out)/checkpoint-2")
        let file = try SmallRun.write(
            to: daemon.folder, steps: 2, extra: ["output_dir: out", "save_steps: 2", "plot_loss: true"])
        let finished = try daemon.tunectl("run", file, directory: daemon.folder)
        // Refusing the folder and replacing the links are both right; writing through them is not.
        #expect([0, 1].contains(finished.status), "\(finished.errors)")
        for name in names {
            #expect(try String(contentsOfFile: "\(victims)/\(name)", encoding: .utf8) == "untouched", "\(name)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: victims + "/checkpoint-2").isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: victims).count == names.count + 1)
        #expect(daemon.isRunning)
    }

    @Test func twoSpellingsOfOneFolderAreOneFolder() throws {
        let daemon = try DaemonFixture()
        symlink(daemon.folder.path, daemon.path("alias"))
        let file = try SmallRun.write(to: daemon.folder, steps: 500, extra: ["output_dir: out"])
        #expect(try daemon.tunectl("submit", file, directory: daemon.folder).status == 0)
        for spelling in ["./out", "out/", "../\(daemon.folder.lastPathComponent)/out", "alias/out", daemon.path("out")]
        {
            let second = try daemon.tunectl("submit", file, "output_dir=\(spelling)", directory: daemon.folder)
            #expect(second.status == 73, "\(spelling): \(second.output) \(second.errors)")
        }
    }

    /// A folder that is a link every other moment while a run writes into it: nothing lands where the link leads.
    @Test func aLinkThatIsSwappedInIsNotWrittenThrough() throws {
        let daemon = try DaemonFixture()
        let victim = daemon.path("victim")
        let (output, link) = (daemon.path("out"), daemon.path("link"))
        try FileManager.default.createDirectory(atPath: victim, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        symlink(victim, link)
        let isOver = Mutex(false)
        let swapper = Thread {
            let checkpoint = output + "/checkpoint-2"
            while !isOver.withLock({ $0 }) {
                // What the run is about to make, or has just made.
                rename(checkpoint, output + "/aside-\(UUID().uuidString)")
                symlink(victim, checkpoint)
                symlink(victim, output + "/trainer_state.json")
                unlink(checkpoint)
                unlink(output + "/trainer_state.json")
            }
        }
        swapper.start()
        let file = try SmallRun.write(to: daemon.folder, steps: 6, extra: ["output_dir: out", "save_steps: 1"])
        for _ in 1...3 { _ = try daemon.tunectl("run", file, directory: daemon.folder) }
        isOver.withLock { $0 = true }
        #expect(try FileManager.default.contentsOfDirectory(atPath: victim).isEmpty)
        #expect(daemon.isRunning)
    }
}
