import Foundation
import LinuxSystem
import RunConfiguration
import Testing
import TrainingLoop

/// Where the names of a run's models are looked for.
struct PathResolverTests {
    let home = NSTemporaryDirectory() + "resolver-\(UUID().uuidString)"

    /// A cache with two commits of `org/name`, as a download leaves it.
    func cache(_ folder: String, _ hub: Hub = .huggingFace) throws -> String {
        let repository = HubCache(hub, cacheFolder: folder).repository(.model, "org/name")
        for commit in ["aaa", "bbb"] { try FileSystem.createDirectories("\(repository)/snapshots/\(commit)") }
        try FileSystem.createDirectories(repository + "/refs")
        try AtomicFile.write(Array("bbb".utf8), to: "\(repository)/refs/\(hub.mainBranch)")
        try AtomicFile.write(Array("aaa".utf8), to: "\(repository)/refs/v1")
        return repository + "/snapshots"
    }

    func folder(_ text: String) throws -> String {
        let configuration = try RunConfiguration.parse(yaml: text, name: "run.yaml")
        return try PathResolver(configuration, workingDirectory: home)
            .modelFolder("org/name", parameter: "model_name_or_path")
    }

    @Test func cacheAndRevisionAct() throws {
        defer { try? FileSystem.remove(home) }
        let snapshots = try cache(home + "/models")
        #expect(try folder("cache_dir: models") == snapshots + "/bbb")
        #expect(try folder("cache_dir: \(home)/models\nmodel_revision: v1") == snapshots + "/aaa")
        #expect(try folder("cache_dir: models\nmodel_revision: aaa") == snapshots + "/aaa")
        let error = #expect(throws: ModelFolder.NotFound.self) {
            try folder("cache_dir: models\nmodel_revision: v2")
        }
        #expect(
            error?.description.contains("`tunectl pull org/name --revision v2 --cache-dir \(home)/models` downloads it")
                ?? false)
        #expect(error?.tried == ["\(home)/org/name", "\(home)/models/models--org--name"])
        #expect(throws: ModelFolder.NotFound.self) { try folder("cache_dir: others") }
        #expect(throws: ModelFolder.NotFound.self) { try folder("cache_dir: models\nmodel_revision: ../../x") }
    }

    /// `main` is each hub's own main branch, and what one hub lacks another may have.
    @Test func otherHubsAreLookedAtToo() throws {
        defer { try? FileSystem.remove(home) }
        let snapshots = try cache(home + "/models", .modelScope)
        #expect(snapshots.hasPrefix(home + "/models/modelscope/"))
        #expect(try folder("cache_dir: models") == snapshots + "/bbb")
        let own = try cache(home + "/models")
        #expect(try folder("cache_dir: models") == own + "/bbb")
        let lookup = HubLookup(
            cacheFolder: home + "/models", environment: EnvironmentVariables(["USE_MODELSCOPE_HUB": "1"]))
        #expect(try ModelFolder.locate("org/name", workingDirectory: nil, hub: lookup) == snapshots + "/bbb")
    }

    /// An existing folder wins.
    @Test func aFolderWins() throws {
        defer { try? FileSystem.remove(home) }
        _ = try cache(home + "/models")
        try FileSystem.createDirectories(home + "/org/name")
        #expect(try folder("cache_dir: models") == home + "/org/name")
    }
}
