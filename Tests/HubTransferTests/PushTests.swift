import HubTestServer
import HubTransfer
import LinuxSystem
import Synchronization
import Testing

struct PushTests {
    static let files: [String: [UInt8]] = [
        "config.json": Array("{}".utf8), "empty.txt": [], "model.safetensors": noise(200_000),
        "deep/tokenizer.json": noise(3000, seed: 4), "README.md": Array("# card".utf8),
    ]

    @Test(arguments: Hub.allCases, [Hub.Content.model, .dataset])
    func aFolderArrivesInOneCommit(hub: Hub, content: Hub.Content) throws {
        let place = try Workplace(hub)
        let folder = try place.folder(Self.files)
        let outcome = try place.push(folder, "org/new", content) {
            $0.message = "first"
            $0.isPrivate = true
        }
        let repository = try #require(place.hub.repository("org/new", content))
        #expect(repository.files == Self.files)
        #expect(repository.messages == ["first"])
        #expect(repository.isPrivate)
        #expect(outcome.changed == Self.files.count)
        #expect(outcome.commit == repository.references[hub.mainBranch])
        #expect(outcome.repository == "org/new")
        // What is there is not sent again, and nothing is committed.
        let again = try place.push(folder, "org/new", content)
        #expect((again.changed, again.bytesTransferred, again.commit) == (0, 0, nil))
        #expect(place.hub.repository("org/new", content)?.messages.count == 1)
        // One changed file makes a commit of it alone.
        try AtomicFile.write(Array("{\"a\":1}".utf8), to: folder + "/config.json")
        #expect(try place.push(folder, "org/new", content).changed == 1)
        #expect(place.hub.repository("org/new", content)?.files["config.json"] == Array("{\"a\":1}".utf8))
    }

    @Test(arguments: Hub.allCases) func aBareNameIsTheTokensOwners(hub: Hub) throws {
        let place = try Workplace(hub)
        let outcome = try place.push(try place.folder(["a.json": [1]]), "mine")
        #expect(outcome.repository == "\(TestHub.owner)/mine")
        #expect(place.hub.repository("\(TestHub.owner)/mine") != nil)
    }

    @Test(arguments: [Hub.huggingFace, .modelers]) func largeFilesGoInParts(hub: Hub) throws {
        let place = try Workplace(hub)
        place.hub.useParts(of: 30_000)
        _ = try place.push(try place.folder(Self.files), "org/new")
        #expect(place.hub.repository("org/new")?.files == Self.files)
        #expect(place.hub.storage.requests.count { $0.method == "PUT" } >= 7)
    }

    @Test(arguments: Hub.allCases) func aBrokenUploadIsSentAgain(hub: Hub) throws {
        let place = try Workplace(hub)
        let left = Mutex(2)
        place.hub.fail { request in
            guard request.method == "PUT",
                left.withLock({
                    $0 -= 1; return $0 >= 0
                })
            else { return nil }
            return .init(503, headers: [("Retry-After", "3")])
        }
        _ = try place.push(try place.folder(Self.files), "org/new")
        #expect(place.hub.repository("org/new")?.files == Self.files)
        #expect(place.pauses.all == [3, 3])
    }

    /// A first attempt ends before its commit; the next one sends what is missing, and no part twice where the hub
    /// keeps them.
    @Test(arguments: Hub.allCases) func aSecondAttemptGoesOn(hub: Hub) throws {
        let place = try Workplace(hub)
        if hub == .modelers { place.hub.useParts(of: 50_000) }
        let folder = try place.folder(Self.files)
        place.hub.fail { request in
            let path = request.path
            return path.contains("/commit/") || path.hasSuffix("/upload") ? .init(400) : nil
        }
        #expect(place.failure { _ = try place.push(folder, "org/new") }?.kind == .network)
        #expect(place.hub.repository("org/new")?.files.isEmpty ?? false)
        place.hub.fail(nil)
        let sent = place.hub.storage.requests.count
        let outcome = try place.push(folder, "org/new")
        #expect(outcome.bytesTransferred == 0)
        #expect(place.hub.storage.requests.count == sent)
        #expect(place.hub.repository("org/new")?.files == Self.files)
    }

    @Test func partsThatCameAreKept() throws {
        let place = try Workplace(.modelers)
        place.hub.useParts(of: 50_000)
        let folder = try place.folder(Self.files)
        place.hub.fail { request in request.path.hasSuffix("/3") && request.method == "PUT" ? .init(400) : nil }
        #expect(place.failure { _ = try place.push(folder, "org/new") } != nil)
        place.hub.fail(nil)
        #expect(try place.push(folder, "org/new").bytesTransferred == 100_000)
        #expect(place.hub.repository("org/new")?.files == Self.files)
    }

    @Test func withoutATokenNothingIsTried() throws {
        let place = try Workplace()
        let failure = place.failure { _ = try place.push(try place.folder(["a": [1]]), "org/new", token: nil) }
        #expect(failure?.kind == .permission)
        #expect(failure?.hint?.contains("HF_TOKEN") ?? false)
        #expect(place.hub.front.requests.isEmpty)
        let wrong = place.failure { _ = try place.push(place.home + "/local", "new", token: "hf_wrong") }
        #expect(wrong?.kind == .permission)
    }

    @Test func aFileThatChangesMeanwhileStopsTheCommit() throws {
        let place = try Workplace()
        let folder = try place.folder(Self.files)
        place.hub.change { request, _ in
            if request.method == "PUT" { try? AtomicFile.write([9], to: folder + "/config.json") }
        }
        let failure = place.failure { _ = try place.push(folder, "org/new") }
        #expect(failure?.kind == .conflict)
        #expect(place.hub.repository("org/new")?.files.isEmpty ?? false)
    }

    @Test func whatIsNotMeantStays() throws {
        let place = try Workplace()
        var files = Self.files
        files[".git/config"] = [1]
        files["model.tmp-1-2"] = [2]
        files["checkpoint-1/x.json"] = [3]
        _ = try place.push(try place.folder(files), "org/new") { $0.patterns.excluded = ["checkpoint-*/*"] }
        #expect(place.hub.repository("org/new")?.files == Self.files)
        #expect(place.failure { _ = try place.push(place.home + "/no", "org/new") }?.kind == .notFound)
    }
}
