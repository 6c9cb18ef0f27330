import HubTransfer
import JSONDocuments
package import LinuxSystem
import Synchronization

/// A hub for tests: repositories in memory, served in the manner of one of the real hubs, and a storage of another
/// origin behind it that holds the large files.
package final class TestHub: Sendable {
    package struct Repository: Sendable {
        package var files: [String: [UInt8]] = [:]
        /// Branches and tags with their commits; files are those of the last commit.
        package var references: [String: String] = [:]
        /// Accepts one token only.
        package var isPrivate = false
        /// Asks for conditions to be accepted.
        package var isGated = false
        package var messages: [String] = []

        package init(
            files: [String: [UInt8]] = [:], references: [String: String] = [:], isPrivate: Bool = false,
            isGated: Bool = false
        ) {
            self.files = files
            self.references = references
            self.isPrivate = isPrivate
            self.isGated = isGated
        }
    }

    /// Files of so many bytes are large.
    package static let large = 1024
    package static let token = "hf_secretTokenOfTheTests"
    package static let owner = "tester"

    package let hub: Hub
    package let front: LoopbackServer
    package let storage: LoopbackServer
    package let state: State

    /// What is there, shared by both servers' threads.
    package final class State: Sendable {
        struct Content: Sendable {
            var repositories: [String: Repository] = [:]
            /// The storage's objects by SHA-256.
            var objects: [String: [UInt8]] = [:]
            /// Parts of objects that are on their way.
            var parts: [String: [Int: [UInt8]]] = [:]
            var fault: (@Sendable (LoopbackServer.Request) -> LoopbackServer.Reply?)?
            var change: (@Sendable (LoopbackServer.Request, inout LoopbackServer.Reply) -> Void)?
            var storageAddress = ""
            var frontAddress = ""
            var partSize: Int?
            var lacksTree = false
            var commits = 0
        }
        let content = Mutex(Content())
    }

    package init(_ hub: Hub) throws {
        self.hub = hub
        let state = State()
        self.state = state
        front = try LoopbackServer { request in Self.answer(request, state) { Self.front(hub, request, state) } }
        storage = try LoopbackServer { request in Self.answer(request, state) { Self.storageReply(request, state) } }
        let (frontAddress, storageAddress) = (front.address, storage.address)
        state.content.withLock {
            $0.frontAddress = frontAddress
            $0.storageAddress = storageAddress
        }
        try front.start()
        try storage.start()
    }

    package func stop() {
        front.stop()
        storage.stop()
    }

    deinit { stop() }

    // MARK: - For tests

    /// What the programs read to find this hub, and nothing of the machine's own.
    package func environment(home: String, token: String? = nil) -> [String: String] {
        var variables = ["HOME": home, "HF_HOME": home + "/hf", "XDG_CACHE_HOME": home + "/cache"]
        switch hub {
        case .huggingFace:
            variables["HF_ENDPOINT"] = front.address
            variables["HF_TOKEN"] = token
        case .modelScope:
            variables["MODELSCOPE_ENDPOINT"] = front.address
            variables["MODELSCOPE_API_TOKEN"] = token
        case .modelers:
            variables["OPENMIND_HUB_ENDPOINT"] = front.address
            variables["OPENMIND_HUB_TOKEN"] = token
        }
        return variables
    }

    package func add(_ name: String, _ content: Hub.Content = .model, _ repository: Repository) {
        var repository = repository
        let branch = hub.mainBranch
        state.content.withLock {
            $0.commits += 1
            if repository.references[branch] == nil { repository.references[branch] = Self.commit($0.commits) }
            $0.repositories["\(content.plural)/\(name)"] = repository
        }
    }

    package func repository(_ name: String, _ content: Hub.Content = .model) -> Repository? {
        state.content.withLock { $0.repositories["\(content.plural)/\(name)"] }
    }

    /// Answers in the place of the hub and its storage, as long as it returns something.
    package func fail(_ fault: (@Sendable (LoopbackServer.Request) -> LoopbackServer.Reply?)?) {
        state.content.withLock { $0.fault = fault }
    }

    /// Changes answers before they are sent.
    package func change(_ change: (@Sendable (LoopbackServer.Request, inout LoopbackServer.Reply) -> Void)?) {
        state.content.withLock { $0.change = change }
    }

    /// Large files are uploaded in parts of so many bytes.
    package func useParts(of size: Int) { state.content.withLock { $0.partSize = size } }

    /// As a mirror that lists names only.
    package func leaveTreesOut() { state.content.withLock { $0.lacksTree = true } }

    package var objects: [String: [UInt8]] { state.content.withLock { $0.objects } }

    static func commit(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "c", count: 40 - digits.count) + digits
    }

    // MARK: - Answers

    private static func answer(
        _ request: LoopbackServer.Request, _ state: State, _ usual: () -> LoopbackServer.Reply
    ) -> LoopbackServer.Reply {
        if let fault = state.content.withLock({ $0.fault }), let reply = fault(request) { return reply }
        var reply = usual()
        if let change = state.content.withLock({ $0.change }) { change(request, &reply) }
        return reply
    }

    private static func front(
        _ hub: Hub, _ request: LoopbackServer.Request, _ state: State
    ) -> LoopbackServer.Reply {
        switch hub {
        case .huggingFace: HuggingFaceAnswers(request, state).reply
        case .modelScope: ModelScopeAnswers(request, state).reply
        case .modelers: ModelersAnswers(request, state).reply
        }
    }

    /// `/object/HASH` gives, `/put/HASH` and `/put/HASH/PART` take. Whoever comes with the hub's token has shown it to
    /// the wrong one.
    private static func storageReply(_ request: LoopbackServer.Request, _ state: State) -> LoopbackServer.Reply {
        let parts = request.path.split(separator: "/").map(String.init)
        if request.token != nil || request.headers["cookie"] != nil {
            return LoopbackServer.Reply(400, body: Array("the token is none of the storage's business".utf8))
        }
        guard request.query["signature"] == "s3cret", parts.count >= 2 else { return LoopbackServer.Reply(403) }
        switch (request.method, parts[0]) {
        case ("GET", "object"):
            guard let bytes = state.content.withLock({ $0.objects[parts[1]] }) else { return LoopbackServer.Reply(404) }
            return file(bytes, request, tag: "storage-tag")
        case ("PUT", "put"):
            if parts.count == 3, let number = Int(parts[2]) {
                state.content.withLock { $0.parts[parts[1], default: [:]][number] = request.body }
                return LoopbackServer.Reply(200, headers: [("ETag", "\"part-\(number)\"")])
            }
            guard (try? ContentHash.of(.sha256, request.body))?.digits == parts[1] else {
                return LoopbackServer.Reply(400, body: Array("wrong hash".utf8))
            }
            state.content.withLock { $0.objects[parts[1]] = request.body }
            return LoopbackServer.Reply(200, headers: [("ETag", "\"whole\"")])
        default: return LoopbackServer.Reply(405)
        }
    }

    /// A file's bytes, or the range of them that is asked for.
    package static func file(_ bytes: [UInt8], _ request: LoopbackServer.Request, tag: String) -> LoopbackServer.Reply {
        let headers = [(name: "ETag", value: "\"\(tag)\""), ("Accept-Ranges", "bytes")]
        guard let range = request.headers["range"], range.hasPrefix("bytes="),
            let start = Int(range.dropFirst(6).prefix { $0.isNumber })
        else { return LoopbackServer.Reply(200, headers: headers, body: bytes) }
        guard start < bytes.count else {
            return LoopbackServer.Reply(416, headers: [("Content-Range", "bytes */\(bytes.count)")])
        }
        return LoopbackServer.Reply(
            206, headers: headers + [("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)")],
            body: Array(bytes[start...]))
    }

    static func json(_ value: JSONValue, status: Int = 200, headers: [(name: String, value: String)] = [])
        -> LoopbackServer.Reply
    {
        LoopbackServer.Reply(
            status, headers: headers + [("Content-Type", "application/json")], body: value.serializedBytes(.compact))
    }

    static func sha256(_ bytes: [UInt8]) -> String { (try? ContentHash.of(.sha256, bytes).digits) ?? "" }
    static func gitName(_ bytes: [UInt8]) -> String { (try? ContentHash.of(.gitBlob, bytes).digits) ?? "" }
}

extension TestHub.State {
    var frontAddress: String { content.withLock { $0.frontAddress } }
    var partSize: Int? { content.withLock { $0.partSize } }
    var lacksTree: Bool { content.withLock { $0.lacksTree } }

    func repository(_ key: String) -> TestHub.Repository? { content.withLock { $0.repositories[key] } }

    /// Where the storage gives an object, which it has from now on.
    func address(of bytes: [UInt8]) -> String {
        let name = TestHub.sha256(bytes)
        return content.withLock {
            $0.objects[name] = bytes
            return "\($0.storageAddress)/object/\(name)?signature=s3cret"
        }
    }

    func has(_ object: String) -> Bool { content.withLock { $0.objects[object] != nil } }

    func putAddress(_ object: String, part: Int? = nil) -> String {
        let end = part.map { "/\($0)" } ?? ""
        return content.withLock { "\($0.storageAddress)/put/\(object)\(end)?signature=s3cret" }
    }

    /// Puts the parts of an object together; false when they are not those of it.
    func complete(_ object: String) -> Bool {
        content.withLock {
            let parts = ($0.parts[object] ?? [:]).sorted { $0.key < $1.key }
            let bytes = parts.flatMap(\.value)
            guard TestHub.sha256(bytes) == object else { return false }
            $0.objects[object] = bytes
            $0.parts[object] = nil
            return true
        }
    }

    func partsThere(_ object: String) -> Set<Int> { content.withLock { Set(($0.parts[object] ?? [:]).keys) } }

    func create(_ key: String, branch: String, isPrivate: Bool) -> Bool {
        content.withLock {
            guard $0.repositories[key] == nil else { return false }
            $0.commits += 1
            var repository = TestHub.Repository()
            repository.references[branch] = TestHub.commit($0.commits)
            repository.isPrivate = isPrivate
            $0.repositories[key] = repository
            return true
        }
    }

    /// Adds files in one step; nil when an object is missing.
    func commit(
        _ key: String, branch: String, small: [(path: String, bytes: [UInt8])],
        large: [(path: String, object: String)], message: String
    ) -> String? {
        content.withLock {
            guard var repository = $0.repositories[key] else { return nil }
            for file in small { repository.files[file.path] = file.bytes }
            for file in large {
                guard let bytes = $0.objects[file.object] else { return nil }
                repository.files[file.path] = bytes
            }
            $0.commits += 1
            let commit = TestHub.commit($0.commits)
            repository.references[branch] = commit
            repository.messages.append(message)
            $0.repositories[key] = repository
            return commit
        }
    }
}
