import Foundation
import HubTestServer
import HubTransfer
import LinuxSystem
import Testing

struct PullTests {
    static let files: [String: [UInt8]] = [
        "config.json": Array("{}".utf8), "empty.txt": [], "model.safetensors": noise(300_000),
        "onnx/a b+c%.bin": noise(2000, seed: 2), "folder/deep/notes.md": Array("text".utf8),
        "copy.safetensors": noise(300_000),
    ]

    @Test(arguments: Hub.allCases, [Hub.Content.model, .dataset])
    func everyFileArrives(hub: Hub, content: Hub.Content) throws {
        let place = try Workplace(hub)
        place.hub.add("org/name", content, TestHub.Repository(files: Self.files))
        let outcome = try place.pull("org/name", content)
        for (name, expected) in Self.files { #expect(try bytes("\(outcome.folder)/\(name)") == expected) }
        #expect(outcome.files == Self.files.count)
        #expect(outcome.bytes == Self.files.values.reduce(0) { $0 + $1.count })

        // One copy of what two files hold, and links that lead where others find them.
        let repository = HubCache(hub, environment: place.environment()).repository(content, "org/name")
        #expect(outcome.folder == "\(repository)/snapshots/\(outcome.commit)")
        let blobs = try FileSystem.entries(of: repository + "/blobs")
        #expect(blobs.count == Self.files.count - 1)
        #expect(blobs.contains(try ContentHash.of(.sha256, noise(300_000)).digits))
        #expect(try bytes("\(repository)/refs/\(hub.mainBranch)") == Array(outcome.commit.utf8))
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: outcome.folder + "/folder/deep/notes.md")
        #expect(link.hasPrefix("../../../../blobs/"))
        #expect(FileSystem.kind(of: repository + "/.staging") == nil)
        // It is found where models and datasets are looked for.
        let cache = HubCache(hub, environment: place.environment())
        #expect(cache.snapshot(of: content, "org/name") == outcome.folder)
    }

    @Test(arguments: Hub.allCases)
    func whatIsThereIsNotFetchedAgain(hub: Hub) throws {
        let place = try Workplace(hub)
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files))
        let first = try place.pull("org/name")
        let transfers = place.hub.storage.requests.count
        let second = try place.pull("org/name")
        #expect((second.folder, second.bytesTransferred) == (first.folder, 0))
        #expect(place.hub.storage.requests.count == transfers)

        let third = try place.pull("org/name") { $0.again = true }
        #expect(third.bytesTransferred == third.bytes - 300_000)
    }

    /// A commit is asked for once; then nothing has to be asked any more.
    @Test func aPinnedCommitNeedsNoHub() throws {
        let place = try Workplace()
        place.hub.add("org/name", .model, TestHub.Repository(files: ["a": [1], "b": [2]]))
        let first = try place.pull("org/name")
        let asked = place.hub.front.requests.count
        let second = try place.pull("org/name", revision: first.commit)
        #expect(second.folder == first.folder)
        #expect(place.hub.front.requests.count == asked)

        let offline = try place.pull("org/name") { $0.isOffline = true }
        #expect((offline.folder, offline.files) == (first.folder, 2))
        #expect(place.hub.front.requests.count == asked)
        try FileSystem.remove(first.folder + "/b")
        let missing = place.failure { _ = try place.pull("org/name") { $0.isOffline = true } }
        #expect(missing?.kind == .notFound)
        #expect(place.failure { _ = try place.pull("org/other") { $0.isOffline = true } }?.kind == .notFound)
    }

    @Test func aRevisionIsPinned() throws {
        let place = try Workplace()
        place.hub.add(
            "org/name", .model,
            TestHub.Repository(
                files: ["a": [1]],
                references: [
                    "main": String(repeating: "a", count: 40), "refs/pr/1": String(repeating: "b", count: 40),
                ]))
        let outcome = try place.pull("org/name", revision: "refs/pr/1")
        #expect(outcome.commit == String(repeating: "b", count: 40))
        let cache = HubCache(environment: place.environment())
        #expect(cache.snapshot(of: .model, "org/name", revision: "refs/pr/1") == outcome.folder)
        #expect(cache.snapshot(of: .model, "org/name", revision: outcome.commit) == outcome.folder)
        #expect(cache.snapshot(of: .model, "org/name", revision: "v2") == nil)
        for revision in ["..", "a/../b", "-x", "", "a b", "a//b", "a\u{7}"] {
            #expect(place.failure { _ = try place.pull("org/name", revision: revision) }?.kind == .badRequest)
        }
    }

    @Test func patternsChoose() throws {
        let place = try Workplace()
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files))
        let outcome = try place.pull("org/name") {
            $0.patterns = PathPatterns(included: ["*.safetensors", "folder/"], excluded: ["copy*"])
        }
        #expect(outcome.files == 2)
        #expect(try FileSystem.entries(of: outcome.folder) == ["folder", "model.safetensors"])
        let nothing = place.failure { _ = try place.pull("org/name") { $0.patterns.included = ["*.gguf"] } }
        #expect(nothing?.kind == .notFound)
        // The rest comes on top.
        #expect(try place.pull("org/name").files == Self.files.count)
        #expect(try bytes(outcome.folder + "/config.json") == Array("{}".utf8))
    }

    /// Mirrors that list names alone are asked for every file's headers.
    @Test func aMirrorWithoutTreesWillDo() throws {
        let place = try Workplace()
        place.hub.leaveTreesOut()
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files))
        let outcome = try place.pull("org/name")
        for (name, expected) in Self.files { #expect(try bytes("\(outcome.folder)/\(name)") == expected) }
        let blobs = try FileSystem.entries(of: Path.parent(of: Path.parent(of: outcome.folder)) + "/blobs")
        #expect(blobs.contains(try ContentHash.of(.gitBlob, Array("{}".utf8)).digits))
        #expect(place.hub.front.requests.contains { $0.method == "HEAD" })
    }

    @Test func aNewCommitGetsASnapshotOfItsOwn() throws {
        let place = try Workplace()
        place.hub.add("org/name", .model, TestHub.Repository(files: ["a": [1], "big": noise(5000)]))
        let first = try place.pull("org/name")
        place.hub.add("org/name", .model, TestHub.Repository(files: ["a": [2], "big": noise(5000)]))
        let second = try place.pull("org/name")
        #expect(second.commit != first.commit)
        #expect(second.bytesTransferred == 1)
        #expect(try (bytes(first.folder + "/a"), bytes(second.folder + "/a")) == ([1], [2]))
        let cache = HubCache(environment: place.environment())
        #expect(cache.snapshot(of: .model, "org/name") == second.folder)
    }

    @Test(arguments: ["../up", "/abs", "a/../../b", "a//b", "", ".", "nul\u{0}"])
    func aHubCannotWriteElsewhere(path: String) throws {
        let place = try Workplace()
        place.hub.add("org/name", .model, TestHub.Repository(files: [path: [1], "ok": [2]]))
        #expect(place.failure { _ = try place.pull("org/name") }?.kind == .network)
        #expect(try FileSystem.entries(of: place.home) == ["hf"])
    }

    @Test(arguments: ["../x", "a/b/c", "-a", ".a", "a/..", "", "a b", "ä"])
    func namesAreChecked(name: String) throws {
        let place = try Workplace()
        #expect(place.failure { _ = try place.pull(name) }?.kind == .badRequest)
    }

    @Test func cachesOfHubsAreApart() throws {
        let environment = EnvironmentVariables(["HOME": "/h"])
        #expect(HubCache(environment: environment).folder == "/h/.cache/huggingface/hub")
        #expect(HubCache(.modelScope, environment: environment).folder == "/h/.cache/modelscope")
        #expect(HubCache(.modelers, environment: environment).folder == "/h/.cache/openmind/hub")
        #expect(HubCache(cacheFolder: "/c").folder == "/c")
        #expect(HubCache(.modelScope, cacheFolder: "/c").folder == "/c/modelscope")
        let others = EnvironmentVariables(["HOME": "/h", "XDG_CACHE_HOME": "~/x", "MODELSCOPE_CACHE": "/m"])
        #expect(HubCache(environment: others).folder == "/h/x/huggingface/hub")
        #expect(HubCache(.modelScope, environment: others).folder == "/m")
        let legacy = EnvironmentVariables(["HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/home"])
        #expect(HubCache(environment: legacy).folder == "/old")
    }
}
