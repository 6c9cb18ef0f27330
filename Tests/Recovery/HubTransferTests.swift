import Foundation
import HubTestServer
import HubTransfer
import LinuxSystem
import ServiceTestSupport
import Synchronization
import Testing

/// `tunectl pull` and `push` with the programs as they are installed, killed at any moment.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HubTransferTests {
    static let files: [String: [UInt8]] = [
        "config.json": Array("{}".utf8), "model-1.safetensors": noise(2 << 20, 1),
        "model-2.safetensors": noise(1 << 20, 2), "tokenizer.json": noise(70_000, 3), "empty": [],
        "deep/a.txt": Array("a".utf8),
    ]
    static let largest = 2 << 20

    static func noise(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    /// A hub, a home folder, and commands that know both.
    final class Place {
        let hub: TestHub
        let home: String
        private let token: String?

        init(_ hub: Hub, token: String? = nil) throws {
            self.hub = try TestHub(hub)
            self.token = token
            home = DaemonFixture.newFolder().path
            try FileSystem.createDirectories(home)
        }

        deinit {
            hub.stop()
            try? FileSystem.remove(home)
        }

        var environment: [String: String] {
            // No socket of a daemon, and no variable of the machine's that leads elsewhere.
            hub.environment(home: home, token: token)
                .merging(["XDG_RUNTIME_DIR": home, "FINETUNED_SOCKET": home + "/s"]) { $1 }
        }

        func start(_ arguments: [String]) throws -> ChildProcess {
            let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            return try ChildProcess(
                program: Checkout.program("tunectl").path, arguments: arguments,
                environment: variables.map { "\($0.key)=\($0.value)" }, descriptors: [:])
        }

        func tunectl(_ arguments: String...) throws -> Finished {
            try run(Checkout.program("tunectl"), arguments, environment: environment)
        }

        var repository: String { home + "/hf/hub/models--org--name" }
    }

    /// The process that transfers for a `tunectl`, once it runs.
    static func fetcher(of client: ChildProcess) -> Int32? {
        let children = "/proc/\(client.process)/task/\(client.process)/children"
        return (try? String(contentsOfFile: children, encoding: .utf8))?.split(separator: " ").first.flatMap {
            Int32($0)
        }
    }

    /// Kills `tunectl` or what transfers for it at a random moment of the work, then looks, and lets it go on.
    ///
    /// - Parameter look: called after every kill
    static func killAndGoOn(
        _ place: Place, _ arguments: [String], times: Int, look: () throws -> Void
    ) throws -> Finished {
        for round in 0..<times {
            let client = try place.start(arguments)
            usleep(UInt32.random(in: 0..<120_000))
            if round % 2 == 0, let fetcher = fetcher(of: client) {
                kill(fetcher, SIGKILL)
            } else {
                client.signal(SIGKILL)
            }
            while client.poll() == nil { usleep(1000) }
            try look()
        }
        return try run(Checkout.program("tunectl"), arguments, environment: place.environment)
    }

    @Test func aKilledDownloadLeavesNothingTornAndGoesOn() throws {
        let place = try Place(.huggingFace)
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files))
        let finished = try Self.killAndGoOn(place, ["pull", "org/name"], times: 12 * TestRepetition.factor) {
            // What lies under its final name is whole: every blob, and every file of a snapshot.
            for name in (try? FileSystem.entries(of: place.repository + "/blobs")) ?? []
            where !name.hasSuffix(".incomplete") {
                let hash = try #require(ContentHash(name))
                let path = "\(place.repository)/blobs/\(name)"
                #expect(try ContentHash.of(hash.algorithm, file: path, cancellation: Cancellation()) == hash)
            }
            for commit in (try? FileSystem.entries(of: place.repository + "/snapshots")) ?? [] {
                try Self.compare("\(place.repository)/snapshots/\(commit)")
            }
        }
        #expect(finished.status == 0, "\(finished.errors)")
        try Self.compare(finished.output.trimmingCharacters(in: .newlines))
        let left = try FileSystem.entries(of: place.repository + "/blobs")
        #expect(!left.contains { $0.hasSuffix(".incomplete") })
        #expect(FileSystem.kind(of: place.repository + "/.staging") == nil)
    }

    static func compare(_ folder: String) throws {
        for (name, bytes) in files { #expect(try MappedFile.contents(of: "\(folder)/\(name)") == bytes, "\(name)") }
    }

    /// Of every download that broke, what had come is not fetched again.
    @Test func aKilledDownloadIsNotBegunAnew() throws {
        let place = try Place(.huggingFace)
        place.hub.add("org/name", .model, TestHub.Repository(files: ["model.safetensors": Self.noise(Self.largest, 1)]))
        // The first answer breaks off after 1 MiB, and the next attempt is a second away.
        let hasAsked = Mutex(false)
        place.hub.change { request, reply in
            guard request.path.hasPrefix("/object/") else { return }
            let isFirst = hasAsked.withLock { asked in
                defer { asked = true }
                return !asked
            }
            if isFirst { reply.cutAfter = 1 << 20 }
        }
        let client = try place.start(["pull", "org/name"])
        while !hasAsked.withLock({ $0 }), client.poll() == nil { usleep(1000) }
        // Half of it is on the disk before anything is killed.
        let blob = place.repository + "/blobs/" + (try ContentHash.of(.sha256, Self.noise(Self.largest, 1)).digits)
        for _ in 0..<5000 where FileSystem.size(of: blob + ".incomplete") != 1 << 20 { usleep(1000) }
        if let fetcher = Self.fetcher(of: client) { kill(fetcher, SIGKILL) }
        while client.poll() == nil { usleep(1000) }
        let finished = try place.tunectl("pull", "org/name", "--json")
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(finished.output.contains("\"transferred_bytes\":\(1 << 20)"), "\(finished.output)")
        #expect(place.hub.storage.requests.last?.headers["range"] == "bytes=\(1 << 20)-")
    }

    @Test(arguments: [Hub.huggingFace, .modelers]) func aKilledUploadLeavesNothingTornAndGoesOn(hub: Hub) throws {
        let place = try Place(hub, token: TestHub.token)
        place.hub.useParts(of: 300_000)
        for (name, bytes) in Self.files {
            try FileSystem.createDirectories(Path.parent(of: "\(place.home)/out/\(name)"))
            try AtomicFile.write(bytes, to: "\(place.home)/out/\(name)")
        }
        let arguments = ["push", place.home + "/out", "org/name", "--hub", hub.rawValue]
        let finished = try Self.killAndGoOn(place, arguments, times: 10 * TestRepetition.factor) {
            let files = place.hub.repository("org/name")?.files ?? [:]
            #expect(files.isEmpty || files == Self.files)
        }
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(place.hub.repository("org/name")?.files == Self.files)
        #expect(place.hub.repository("org/name")?.messages.count == 1)
    }

    /// No argument, no output and no file holds the token.
    @Test func theTokenIsNowhere() throws {
        let place = try Place(.huggingFace, token: TestHub.token)
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files, isPrivate: true))
        let arguments = Mutex<[String]>([])
        place.hub.change { _, _ in
            for process in (try? FileSystem.entries(of: "/proc")) ?? [] where Int(process) != nil {
                let line = (try? FileDescriptor.open("/proc/\(process)/cmdline", O_RDONLY).readAll()) ?? []
                arguments.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
        let finished = try place.tunectl("pull", "org/name")
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(arguments.withLock { $0.contains { $0.contains("finetuned-fetch") } })
        #expect(!arguments.withLock { $0.joined() }.contains(TestHub.token))
        #expect(!(finished.output + finished.errors).contains(TestHub.token))
        let found = try run(
            URL(fileURLWithPath: "/bin/grep"), ["-r", "-l", TestHub.token, place.home])
        #expect(found.output.isEmpty)
        let refused = try place.tunectl("pull", "org/name", "hf_hub_token=x")
        #expect(refused.status == 2)
    }

    @Test func errorsHaveTheirExitCodes() throws {
        let place = try Place(.huggingFace)
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files, isPrivate: true))
        #expect(try place.tunectl("pull", "org/name").status == 77)
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files))
        #expect(try place.tunectl("pull", "org/name", "--revision", "v9").status == 66)
        place.hub.fail { _ in .init(429, headers: [("Retry-After", "9999")]) }
        #expect(try place.tunectl("pull", "org/name").status == 75)
        place.hub.fail { _ in .init(404) }
        #expect(try place.tunectl("pull", "org/name").status == 66)
        place.hub.fail(nil)
        let offline = try run(
            Checkout.program("tunectl"), ["pull", "org/name"],
            environment: place.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 })
        #expect(offline.status == 66)
        let missing = try run(
            Checkout.program("tunectl"), ["pull", "org/name"],
            environment: place.environment.merging(["FINETUNED_FETCH": "/nowhere"]) { $1 })
        #expect(missing.status == 66)
        #expect(missing.errors.contains("/nowhere cannot be started"))
    }

    /// As systemd starts it: a socket as standard input, and the service's own cache.
    @Test func theServicesUnitWritesItsOwnCacheOnly() throws {
        let place = try Place(.huggingFace)
        place.hub.add("org/name", .model, TestHub.Repository(files: Self.files))
        let listener = try UnixSocket.listen(at: place.home + "/fetch.sock", mode: 0o600)
        let variables = ProcessInfo.processInfo.environment.merging(place.environment) { $1 }
            .merging(["HF_HOME": place.home + "/service"]) { $1 }
        let number = listener.release()
        try DedicatedThread.start("accepts", stackSize: 256 << 10) {
            var children: [ChildProcess] = []
            for _ in 0..<3 {
                var waiting = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 60_000) > 0, let connection = try? UnixSocket.accept(number) else { break }
                _ = fcntl(connection.number, F_SETFL, 0)
                let child = try? ChildProcess(
                    program: Checkout.program("finetuned-fetch").path, arguments: ["--service"],
                    environment: variables.map { "\($0.key)=\($0.value)" }, descriptors: [0: connection.number])
                if let child { children.append(child) }
            }
            close(number)
            // They end with their connections.
            for child in children { while child.poll() == nil { usleep(1000) } }
        }
        let pulled = try place.tunectl("pull", "org/name")
        #expect(pulled.status == 0, "\(pulled.errors)")
        let folder = pulled.output.trimmingCharacters(in: .newlines)
        #expect(folder.hasPrefix(place.home + "/service/hub/models--org--name/snapshots/"))
        try Self.compare(folder)

        let client = try ServiceConnection(place.home + "/fetch.sock")
        let model = ["hub": "huggingface", "content": "model", "name": "org/name"]
        let elsewhere = #expect(throws: ServiceConnection.Failure.self) {
            try client.call("hub.pull", model.merging(["cache_dir": "/tmp/x"]) { $1 })
        }
        #expect(elsewhere?.kind == "permission")
        let other = try ServiceConnection(place.home + "/fetch.sock")
        let upload = #expect(throws: ServiceConnection.Failure.self) {
            try other.call("hub.push", model.merging(["folder": "/etc"]) { $1 })
        }
        #expect(upload?.kind == "permission")
    }
}
