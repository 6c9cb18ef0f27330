import Foundation
import ServiceTestSupport
import Testing

/// `~` in paths is the home of whoever asks, wherever a path is given.
@Suite(.serialized, .timeLimit(.minutes(3))) struct HomePathTests {
    @Test func everyPathOfARun() throws {
        let home = DaemonFixture.newFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        let daemon = try DaemonFixture(environment: ["HOME": home.path])
        for (name, place) in [("base", "base"), ("data", "data")] {
            symlink(Checkout.root.path + "/examples/valley/\(place)", home.appendingPathComponent(name).path)
        }
        let text = SmallRun.yaml(
            steps: 2,
            extra: ["output_dir: ~/out", "tokenized_path: ~/tokens", "resume_from_checkpoint: null"]
        )
        .replacing(Checkout.root.path + "/examples/valley/base", with: "~/base")
        .replacing(Checkout.root.path + "/examples/valley/data", with: "~/data")
        let file = daemon.path("run.yaml")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))

        #expect(try daemon.tunectl("check", file, directory: daemon.folder).errors.contains("and so is its data"))
        #expect(try daemon.tunectl("plan", file, directory: daemon.folder).status == 0)
        #expect(try daemon.tunectl("data", "preview", file, directory: daemon.folder).status == 0)
        let finished = try daemon.tunectl("run", file, directory: daemon.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(finished.errors.contains("-> \(home.path)/out"), "\(finished.errors)")
        for written in ["out/adapter_model.safetensors", "tokens"] {
            #expect(FileManager.default.fileExists(atPath: home.appendingPathComponent(written).path), "\(written)")
        }
        // A list of paths, an override, and an adapter in turn as the input.
        let continued = try daemon.tunectl(
            "run", file, "adapter_name_or_path=~/out", "output_dir=~/more", directory: daemon.folder)
        #expect(continued.status == 0, "\(continued.errors)")
        #expect(FileManager.default.fileExists(atPath: home.path + "/more/adapter_model.safetensors"))

        // A model's request; the shell leaves `~` behind `=` alone.
        let answer = try daemon.tunectl(
            "generate", "--model=~/base", "--adapter=~/out", "do_sample=false", "max_new_tokens=2", "Where",
            directory: daemon.folder)
        #expect(answer.status == 0, "\(answer.errors)")
        let loaded = try daemon.tunectl("--model", "~/base", input: "/tokens Ada\n/save ~/talk.json\n")
        #expect(loaded.status == 0, "\(loaded.errors)")
        #expect(FileManager.default.fileExists(atPath: home.path + "/talk.json"))
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.folder.path)
        #expect(!names.contains { $0.hasPrefix("~") }, "\(names)")
    }
}
