import JSONDocuments
import LinuxSystem

/// Answers as ModelScope's hub does: failures come in JSON, files by query, the token as a cookie too.
struct ModelScopeAnswers {
    typealias Reply = LoopbackServer.Reply

    let request: LoopbackServer.Request
    let state: TestHub.State

    init(_ request: LoopbackServer.Request, _ state: TestHub.State) {
        self.request = request
        self.state = state
    }

    private var isKnown: Bool { request.headers["cookie"] == "m_session_id=\(TestHub.token)" }

    private static func failure(_ status: Int, _ message: String) -> Reply {
        TestHub.json(["Code": .integer(Int64(status)), "Message": .string(message), "Success": false], status: status)
    }

    private static func success(_ data: JSONValue) -> Reply {
        TestHub.json(["Code": 200, "Data": data, "Success": true])
    }

    var reply: Reply {
        var parts = request.path.split(separator: "/").map(String.init)
        guard parts.starts(with: ["api", "v1"]) else { return Reply(404) }
        parts.removeFirst(2)
        if parts == ["login"] {
            let token = (try? JSONValue(parsing: request.body))?["AccessToken"]?.string
            return token == TestHub.token
                ? Self.success(["Username": .string(TestHub.owner)]) : Self.failure(400, "invalid token")
        }
        let isChange = parts.first == "repos"
        if isChange { parts.removeFirst() }
        guard let section = parts.first, ["models", "datasets"].contains(section) else { return Reply(404) }
        if parts.count == 1, request.method == "POST" { return create(section) }
        guard parts.count >= 3 else { return Reply(404) }
        let key = parts[0...2].joined(separator: "/")
        guard let repository = state.repository(key), !repository.isPrivate || isKnown else {
            return Self.failure(404, "record not found")
        }
        if isChange, !isKnown { return Self.failure(401, "please log in") }
        switch (request.method, isChange, parts.dropFirst(3).joined(separator: "/")) {
        case ("GET", false, ""): return Self.success(["Name": .string(parts[2])])
        case ("GET", false, "repo/files") where section == "models": return files(repository)
        case ("GET", false, "repo/tree") where section == "datasets": return files(repository)
        case ("GET", false, "repo"): return file(repository)
        case ("POST", true, "info/lfs/objects/batch"): return batch
        case ("POST", true, let rest) where rest.hasPrefix("commit/"): return commit(key, String(rest.dropFirst(7)))
        default: return Reply(404)
        }
    }

    private func files(_ repository: TestHub.Repository) -> Reply {
        guard repository.references[request.query["Revision"] ?? ""] != nil else {
            return Self.failure(404, "no such revision")
        }
        let all = repository.files.sorted { $0.key < $1.key }.map { file -> JSONValue in
            [
                "Path": .string(file.key), "Name": .string(Path.lastComponent(of: file.key)), "Type": "blob",
                "Size": .integer(Int64(file.value.count)), "Sha256": .string(TestHub.sha256(file.value)),
                "Revision": .string(TestHub.commit(7)),
            ]
        }
        let tree: JSONValue = ["Path": "folder", "Name": "folder", "Type": "tree", "Size": 0, "Sha256": ""]
        guard let page = request.query["PageNumber"].flatMap({ Int($0) }) else {
            return Self.success(["Files": .array([tree] + all)])
        }
        let size = request.query["PageSize"].flatMap { Int($0) } ?? 1
        let entries = [tree] + all
        let start = min((page - 1) * size, entries.count)
        return Self.success(["Files": .array(Array(entries[start..<min(start + size, entries.count)]))])
    }

    private func file(_ repository: TestHub.Repository) -> Reply {
        guard let bytes = repository.files[request.query["FilePath"] ?? ""] else {
            return Self.failure(404, "no such file")
        }
        if bytes.count < TestHub.large { return TestHub.file(bytes, request, tag: "x") }
        return Reply(302, headers: [("Location", state.address(of: bytes))])
    }

    // MARK: - Uploads

    private func create(_ section: String) -> Reply {
        guard isKnown else { return Self.failure(401, "please log in") }
        let text = String(decoding: request.body, as: UTF8.self)
        if section == "datasets" {
            let fields = text.split(separator: "--finetuned-form-field\r\n").map { field in
                field.split(separator: "\r\n").map(String.init)
            }
            func value(_ name: String) -> String {
                fields.first { $0.first?.contains("name=\"\(name)\"") ?? false }?.dropFirst().first ?? ""
            }
            let key = "datasets/\(value("Owner"))/\(value("Name"))"
            return state.create(key, branch: "master", isPrivate: value("Visibility") == "1")
                ? Self.success([:]) : Self.failure(400, "exists")
        }
        let body = try? JSONValue(parsing: text)
        let key = "models/\(body?["Path"]?.string ?? "")/\(body?["Name"]?.string ?? "")"
        return state.create(key, branch: "master", isPrivate: body?["Visibility"]?.integer == 1)
            ? Self.success([:]) : Self.failure(400, "exists")
    }

    private var batch: Reply {
        let objects = (try? JSONValue(parsing: request.body))?["objects"]?.array ?? []
        return Self.success([
            "objects": .array(
                objects.map { object in
                    let oid = object["oid"]?.string ?? ""
                    var answer: JSONValue = ["oid": .string(oid), "size": object["size"] ?? 0]
                    if !state.has(oid) { answer["actions"] = ["upload": ["href": .string(state.putAddress(oid))]] }
                    return answer
                })
        ])
    }

    private func commit(_ key: String, _ branch: String) -> Reply {
        let body = try? JSONValue(parsing: request.body)
        var small: [(path: String, bytes: [UInt8])] = []
        var large: [(path: String, object: String)] = []
        for action in body?["actions"]?.array ?? [] {
            let path = action["path"]?.string ?? ""
            if action["type"]?.string == "lfs" {
                large.append((path, action["sha256"]?.string ?? ""))
            } else {
                small.append((path, Base64.decode(action["content"]?.string ?? "") ?? []))
            }
        }
        let message = body?["commit_message"]?.string ?? ""
        guard let commit = state.commit(key, branch: branch, small: small, large: large, message: message) else {
            return Self.failure(400, "an object is missing")
        }
        return Self.success(["oid": .string(commit)])
    }
}
