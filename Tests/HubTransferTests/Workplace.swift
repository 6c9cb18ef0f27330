import Foundation
import HubTestServer
import HubTransfer
import LinuxSystem
import Synchronization

/// A hub and a home folder of a test's own.
final class Workplace {
    let hub: TestHub
    let home: String
    let pauses = Pauses()

    /// Seconds that were to be waited; nobody waits in tests.
    final class Pauses: Sendable {
        private let seconds = Mutex<[Double]>([])
        var all: [Double] { seconds.withLock { $0 } }
        func add(_ length: Double) { seconds.withLock { $0.append(length) } }
    }

    init(_ hub: Hub = .huggingFace) throws {
        self.hub = try TestHub(hub)
        home = NSTemporaryDirectory() + "hub-\(UUID().uuidString)"
        try FileSystem.createDirectories(home)
    }

    deinit {
        hub.stop()
        try? FileSystem.remove(home)
    }

    func environment(token: String? = nil) -> EnvironmentVariables {
        EnvironmentVariables(hub.environment(home: home, token: token))
    }

    func access(token: String? = nil, cancellation: Cancellation? = nil) throws -> HubAccess {
        var access = try HubAccess(
            hub.hub, environment: environment(token: token), cancellation: cancellation ?? Cancellation())
        access.retry.pause = { [pauses] in pauses.add($0) }
        return access
    }

    func pull(
        _ name: String, _ content: Hub.Content = .model, revision: String? = nil, token: String? = nil,
        cacheFolder: String? = nil, change: (inout Pull) -> Void = { _ in }
    ) throws -> Pull.Outcome {
        let cache = HubCache(hub.hub, cacheFolder: cacheFolder, environment: environment())
        var pull = try Pull(HubRepository(hub.hub, content, name), revision: revision, into: cache)
        change(&pull)
        return try pull.run(access(token: token))
    }

    func push(
        _ folder: String, _ name: String, _ content: Hub.Content = .model, token: String? = TestHub.token,
        change: (inout Push) -> Void = { _ in }
    ) throws -> Push.Outcome {
        var push = try Push(hub.hub, content, name, folder: folder, revision: nil)
        change(&push)
        return try push.run(access(token: token))
    }

    /// A folder with these files.
    func folder(_ files: [String: [UInt8]]) throws -> String {
        let folder = home + "/local"
        for (name, bytes) in files {
            let place = "\(folder)/\(name)"
            try FileSystem.createDirectories(Path.parent(of: place))
            try AtomicFile.write(bytes, to: place)
        }
        return folder
    }

    /// What `body` fails with.
    func failure(_ body: () throws -> Void) -> HubError? {
        do {
            try body()
            return nil
        } catch {
            return error as? HubError
        }
    }
}

/// Bytes that look random and are the same each time.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
    }
}

func bytes(_ path: String) throws -> [UInt8] { try MappedFile.contents(of: path) }
