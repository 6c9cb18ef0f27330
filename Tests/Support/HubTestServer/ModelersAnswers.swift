import JSONDocuments
import LinuxSystem

/// Answers as the hub Modelers does: folders one by one, files below `media`, uploads always in parts.
struct ModelersAnswers {
    typealias Reply = LoopbackServer.Reply

    let request: LoopbackServer.Request
    let state: TestHub.State

    init(_ request: LoopbackServer.Request, _ state: TestHub.State) {
        self.request = request
        self.state = state
    }

    private var isKnown: Bool { request.token == TestHub.token }

    private static func failure(_ status: Int, _ code: String) -> Reply {
        TestHub.json(["code": .string(code), "msg": .string("refused: \(code)"), "data": .null], status: status)
    }

    private static func success(_ data: JSONValue) -> Reply { TestHub.json(["code": "", "msg": "", "data": data]) }

    var reply: Reply {
        var parts = request.path.split(separator: "/").map(String.init)
        guard parts.starts(with: ["api", "v1"]) else { return Reply(404) }
        parts.removeFirst(2)
        if parts == ["user"] {
            return isKnown ? Self.success(["account": .string(TestHub.owner)]) : Self.failure(401, "bad_token")
        }
        if ["model", "dataset"].contains(parts.first ?? "") { return repositories(parts) }
        guard parts.first == "file", parts.count >= 3 else { return Reply(404) }
        let name = parts[1...2].joined(separator: "/")
        // Names are of models and datasets alike.
        let key = ["models/\(name)", "datasets/\(name)"].first { state.repository($0) != nil }
        guard let key, let repository = state.repository(key), !repository.isPrivate || isKnown else {
            return Self.failure(404, "repo_not_found")
        }
        let rest = Array(parts.dropFirst(3))
        if request.method == "POST", !isKnown { return Self.failure(401, "bad_token") }
        switch (request.method, rest.first) {
        case ("GET", nil): return folder(repository)
        case ("GET", _) where rest.count > 2 && rest[1] == "media":
            guard let bytes = repository.files[rest.dropFirst(2).joined(separator: "/")] else {
                return Self.failure(404, "not_file")
            }
            if bytes.count < TestHub.large { return TestHub.file(bytes, request, tag: "x") }
            return Reply(302, headers: [("Location", state.address(of: bytes))])
        case ("POST", "pre_upload"): return modes
        case ("POST", "info"): return batch
        case ("POST", "verify"):
            return state.complete(request.query["upload_id"] ?? "") ? Self.success([:]) : Self.failure(400, "parts")
        case ("POST", "upload"): return commit(key)
        default: return Reply(404)
        }
    }

    private func repositories(_ parts: [String]) -> Reply {
        if request.method == "GET" {
            let key = "\(parts[0])s/\(parts.dropFirst().joined(separator: "/"))"
            return state.repository(key) == nil ? Self.failure(404, "repo_not_found") : Self.success(["name": "x"])
        }
        guard isKnown else { return Self.failure(401, "bad_token") }
        let body = try? JSONValue(parsing: request.body)
        let key = "\(parts[0])s/\(body?["owner"]?.string ?? "")/\(body?["name"]?.string ?? "")"
        return state.create(key, branch: "main", isPrivate: body?["visibility"]?.string == "private")
            ? Self.success([:]) : Self.failure(400, "duplicate_creating")
    }

    private func folder(_ repository: TestHub.Repository) -> Reply {
        guard let commit = repository.references[request.query["ref"] ?? ""] else {
            return Self.failure(404, "ref_not_exist")
        }
        let folder = request.query["path"] ?? ""
        let prefix = folder.isEmpty ? "" : folder + "/"
        var folders: Set<String> = []
        var entries: [JSONValue] = []
        for (path, bytes) in repository.files.sorted(by: { $0.key < $1.key }) where path.hasPrefix(prefix) {
            let rest = path.dropFirst(prefix.count).split(separator: "/").map(String.init)
            if rest.count > 1 {
                if folders.insert(rest[0]).inserted {
                    entries.append(["type": "dir", "path": .string(prefix + rest[0])])
                }
                continue
            }
            let isLarge = bytes.count >= TestHub.large
            entries.append([
                "type": "file", "path": .string(path), "size": .integer(Int64(bytes.count)),
                "is_lfs": .bool(isLarge),
                "etag": .string(isLarge ? TestHub.sha256(bytes) : TestHub.gitName(bytes)),
            ])
        }
        return Self.success([
            "tree": .array(entries), "last_commit": ["commit": ["commit_sha": .string(commit), "message": ""]],
        ])
    }

    // MARK: - Uploads

    private var modes: Reply {
        let files = (try? JSONValue(parsing: request.body))?["files"]?.array ?? []
        return Self.success([
            "files": .array(
                files.map { file in
                    [
                        "path": file["path"] ?? "",
                        "type": (file["size"]?.integer ?? 0) >= TestHub.large ? "lfs" : "regular",
                    ]
                })
        ])
    }

    private var batch: Reply {
        let objects = (try? JSONValue(parsing: request.body))?["objects"]?.array ?? []
        let root = state.frontAddress + request.path.replacing("/info/lfs/objects/batch", with: "")
        return Self.success([
            "objects": .array(
                objects.map { object in
                    let oid = object["oid"]?.string ?? ""
                    let size = Int(object["size"]?.integer ?? 0)
                    var answer: JSONValue = [
                        "oid": .string(oid), "size": .integer(Int64(size)), "error": ["code": 0, "message": ""],
                    ]
                    if state.has(oid) { return answer }
                    let partSize = state.partSize ?? size
                    let there = state.partsThere(oid)
                    let parts = (1...((size + partSize - 1) / partSize)).map { number -> JSONValue in
                        there.contains(number)
                            ? ["index": .integer(Int64(number)), "etag": .string("part-\(number)"), "href": ""]
                            : [
                                "index": .integer(Int64(number)), "size": .integer(Int64(partSize)),
                                "href": .string(state.putAddress(oid, part: number)), "headers": [:],
                            ]
                    }
                    answer["actions"] = [
                        "parts": .array(
                            parts.map { part in
                                var part = part
                                part["size"] = .integer(Int64(partSize))
                                return part
                            }),
                        "verify": ["href": .string("\(root)/verify"), "params": ["upload_id": .string(oid)]],
                    ]
                    return answer
                })
        ])
    }

    private func commit(_ key: String) -> Reply {
        let body = try? JSONValue(parsing: request.body)
        var small: [(path: String, bytes: [UInt8])] = []
        var large: [(path: String, object: String)] = []
        for file in body?["files"]?.array ?? [] {
            let path = file["path"]?.string ?? ""
            let bytes = Base64.decode(file["content"]?.string ?? "") ?? []
            let text = String(decoding: bytes, as: UTF8.self)
            if let start = text.firstRange(of: "oid sha256:") {
                large.append((path, String(text[start.upperBound...].prefix(64))))
            } else {
                small.append((path, bytes))
            }
        }
        let message = body?["title"]?.string ?? ""
        let branch = body?["ref"]?.string ?? "main"
        guard let commit = state.commit(key, branch: branch, small: small, large: large, message: message) else {
            return Self.failure(400, "object")
        }
        return Self.success([["commit_oid": .string(commit), "commit_url": "x"]])
    }
}
