import Foundation
import HubTestServer
import HubTransfer
import LinuxSystem
import ServiceTestSupport
import Synchronization
import Testing

/// Connections that break, servers that go back on their word, disks that are full.
struct ResumeTests {
    let content = noise(900_000)

    func place() throws -> Workplace {
        let place = try Workplace()
        place.hub.add("org/name", .model, TestHub.Repository(files: ["model.safetensors": content]))
        return place
    }

    func blob(_ place: Workplace) throws -> String {
        let repository = HubCache(environment: place.environment()).repository(.model, "org/name")
        try FileSystem.createDirectories(repository + "/blobs")
        return repository + "/blobs/" + (try ContentHash.of(.sha256, content).digits)
    }

    @Test func aBrokenDownloadGoesOnWhereItStopped() throws {
        let place = try place()
        let left = Mutex(5)
        place.hub.change { request, reply in
            guard request.path.hasPrefix("/object/"),
                left.withLock({
                    $0 -= 1; return $0 >= 0
                })
            else { return }
            reply.cutAfter = 150_000
        }
        let outcome = try place.pull("org/name")
        #expect(try bytes(outcome.folder + "/model.safetensors") == content)
        let ranges = place.hub.storage.requests.map { $0.headers["range"] }
        #expect(ranges == [nil] + (1...5).map { "bytes=\($0 * 150_000)-" })
        // Each attempt brought something, so every wait is the first one.
        #expect(place.pauses.all == [1, 1, 1, 1, 1])
        #expect(outcome.bytesTransferred == content.count)
    }

    @Test func anEarlierProcessIsContinued() throws {
        let place = try place()
        try AtomicFile.write(Array(content[..<400_000]), to: blob(place) + ".incomplete")
        let outcome = try place.pull("org/name")
        #expect(outcome.bytesTransferred == 500_000)
        #expect(place.hub.storage.requests.map { $0.headers["range"] } == ["bytes=400000-"])
        #expect(try bytes(outcome.folder + "/model.safetensors") == content)
    }

    @Test func aWholeFileThatWasNotRenamedIsOnlyVerified() throws {
        let place = try place()
        try AtomicFile.write(content, to: blob(place) + ".incomplete")
        #expect(try place.pull("org/name").bytesTransferred == 0)
        #expect(place.hub.storage.requests.isEmpty)
    }

    /// Bytes of another version, as many as wanted or more.
    @Test(arguments: [400_000, 900_000, 900_001]) func wrongBytesOfAnEarlierProcessAreReplaced(count: Int) throws {
        let place = try place()
        try AtomicFile.write(noise(count, seed: 9), to: blob(place) + ".incomplete")
        let outcome = try place.pull("org/name")
        #expect(try bytes(outcome.folder + "/model.safetensors") == content)
    }

    @Test func aServerWithoutRangesStartsAnew() throws {
        let place = try place()
        try AtomicFile.write(Array(content[..<400_000]), to: blob(place) + ".incomplete")
        place.hub.change { [content] request, reply in
            if request.path.hasPrefix("/object/") { reply = .init(200, body: content) }
        }
        let outcome = try place.pull("org/name")
        #expect(try bytes(outcome.folder + "/model.safetensors") == content)
        #expect(outcome.bytesTransferred == content.count)
    }

    @Test func anEndWithoutLengthIsNoticed() throws {
        let place = try place()
        let left = Mutex(1)
        place.hub.change { request, reply in
            guard request.path.hasPrefix("/object/"),
                left.withLock({
                    $0 -= 1; return $0 >= 0
                })
            else { return }
            reply.hidesLength = true
            reply.cutAfter = 10_000
        }
        let outcome = try place.pull("org/name")
        #expect(try bytes(outcome.folder + "/model.safetensors") == content)
    }

    @Test func wrongContentIsRefused() throws {
        let place = try place()
        let other = noise(900_000, seed: 3)
        place.hub.change { request, reply in
            if request.path.hasPrefix("/object/") { reply = TestHub.file(other, request, tag: "x") }
        }
        let failure = place.failure { _ = try place.pull("org/name") }
        #expect(failure?.kind == .network)
        #expect(failure?.message.contains("another hash") ?? false)
        #expect(place.hub.storage.requests.count == 2)
        #expect(FileSystem.kind(of: try blob(place)) == nil)
        #expect(HubCache(environment: place.environment()).snapshot(of: .model, "org/name") == nil)
        // The next attempt begins anew and succeeds.
        place.hub.change(nil)
        #expect(try place.pull("org/name").bytesTransferred == content.count)
    }

    @Test func tooManyBytesAreRefused() throws {
        let place = try place()
        place.hub.change { [content] request, reply in
            if request.path.hasPrefix("/object/") { reply = .init(200, body: content + [1]) }
        }
        #expect(place.failure { _ = try place.pull("org/name") }?.kind == .network)
        #expect(place.hub.storage.requests.count >= 6)
    }

    @Test func aServerThatAlwaysBeginsAnewIsGivenUp() throws {
        let place = try place()
        place.hub.change { [content] request, reply in
            guard request.path.hasPrefix("/object/") else { return }
            reply = .init(200, body: content)
            reply.cutAfter = 100_000
        }
        #expect(place.failure { _ = try place.pull("org/name") }?.kind == .network)
        // The first attempt brought something, the others no more than that.
        #expect(place.hub.storage.requests.count == 6)
    }

    @Test func aDeadHubIsGivenUpAfterSomeAttempts() throws {
        let place = try place()
        place.hub.front.stop()
        let failure = place.failure { _ = try place.pull("org/name") }
        #expect(failure?.kind == .network)
        #expect(place.pauses.all == [1, 2, 4, 8, 16])
    }

    @Test func aTransferCanBeCancelled() throws {
        let place = try place()
        let cancellation = try Cancellation()
        place.hub.change { request, reply in
            guard request.path.hasPrefix("/object/") else { return }
            cancellation.cancel()
        }
        let pull = try Pull(
            HubRepository(.huggingFace, .model, "org/name"), revision: nil,
            into: HubCache(environment: place.environment()))
        let failure = place.failure { _ = try pull.run(place.access(cancellation: cancellation)) }
        #expect(failure?.kind == .cancelled)
    }

    @Test func aFullDiskSaysWhatIsMissing() throws {
        let place = try Workplace()
        place.hub.add("org/name", .model, TestHub.Repository(files: ["model.safetensors": noise(3 << 20)]))
        guard let disk = SmallFileSystem(at: place.home + "/disk", mebibytes: 2, test: "aFullDiskSaysWhatIsMissing")
        else { return }
        let early = place.failure { _ = try place.pull("org/name", cacheFolder: disk.path) }
        #expect(early?.kind == .diskFull)
        #expect(early?.neededBytes == 3 << 20)
        #expect((early?.availableBytes ?? .max) <= 2 << 20)
        #expect(place.hub.storage.requests.isEmpty)

        // Somebody else takes the space while the file comes.
        #expect(disk.resize(mebibytes: 4))
        place.hub.change { request, _ in
            if request.path.hasPrefix("/object/") { _ = try? disk.fill() }
        }
        let late = place.failure { _ = try place.pull("org/name", cacheFolder: disk.path) }
        #expect(late?.kind == .diskFull)
        place.hub.change(nil)
        try FileSystem.remove(disk.path + "/filler")
        let outcome = try place.pull("org/name", cacheFolder: disk.path)
        #expect(outcome.bytes == 3 << 20)
        #expect(HubCache(cacheFolder: disk.path).snapshot(of: .model, "org/name") == outcome.folder)
    }

    @Test func aReadOnlyCacheIsSaidToBeOne() throws {
        let place = try place()
        guard let disk = SmallFileSystem(at: place.home + "/disk", mebibytes: 4, test: "aReadOnlyCacheIsSaidToBeOne"),
            try run(URL(fileURLWithPath: "/usr/bin/mount"), ["-o", "remount,ro", disk.path]).status == 0
        else { return }
        do {
            _ = try place.pull("org/name", cacheFolder: disk.path)
            Issue.record("it was written to")
        } catch let error as SystemError {
            #expect(error.isPermission)
            #expect(error.subject?.hasPrefix(disk.path) ?? false)
        }
    }

    /// Two processes at one file: the second waits and finds it there.
    @Test func twoPullsShareTheWork() throws {
        let place = try place()
        // Its folder goes with it, and it is named for the last time long before the threads have ended.
        defer { withExtendedLifetime(place) {} }
        let access = [try place.access(), try place.access()]
        let pull = try Pull(
            HubRepository(.huggingFace, .model, "org/name"), revision: nil,
            into: HubCache(environment: place.environment()))
        let outcomes = Mutex<[Pull.Outcome]>([])
        let ended = BlockingQueue<Void>()
        for access in access {
            try DedicatedThread.start("pull", stackSize: 1 << 20) {
                do {
                    let outcome = try pull.run(access)
                    outcomes.withLock { $0.append(outcome) }
                } catch {
                    Issue.record(error)
                }
                ended.add(())
            }
        }
        for _ in access { ended.take() }
        let both = outcomes.withLock { $0 }
        #expect(both.count == 2)
        #expect(both.reduce(0) { $0 + $1.bytesTransferred } == content.count)
    }
}
