import JSONDocuments
import LinuxSystem

/// Answers as Hugging Face's hub does.
struct HuggingFaceAnswers {
    typealias Reply = LoopbackServer.Reply

    let request: LoopbackServer.Request
    let state: TestHub.State

    init(_ request: LoopbackServer.Request, _ state: TestHub.State) {
        self.request = request
        self.state = state
    }

    var reply: Reply {
        var parts = request.path.split(separator: "/").map(String.init)
        if parts == ["api", "whoami-v2"] { return whoami }
        if parts == ["api", "repos", "create"] { return create }
        let isAPI = parts.first == "api"
        if isAPI { parts.removeFirst() }
        let section = ["models", "datasets"].contains(parts.first ?? "") ? parts.removeFirst() : "models"
        guard parts.count >= 2 else { return Reply(404) }
        let name = "\(parts[0])/\(parts[1].replacing(".git", with: ""))"
        let rest = Array(parts.dropFirst(2))
        if let refusal = refusal("\(section)/\(name)") { return refusal }
        guard let repository = state.repository("\(section)/\(name)") else { return Reply(404) }
        switch (request.method, rest.first) {
        case ("GET", nil) where isAPI: return TestHub.json(["id": .string(name)])
        case ("GET", "revision") where isAPI: return info(repository, rest.dropFirst().joined(separator: "/"))
        case ("GET", "tree") where isAPI: return tree(repository, rest)
        case ("GET", "resolve"), ("HEAD", "resolve"): return resolve(repository, rest)
        case ("POST", "preupload"): return preupload
        case ("POST", "info"): return batch
        case ("POST", "complete"): return state.complete(rest[1]) ? Reply(200) : Reply(400)
        case ("POST", "verify"):
            let body = try? JSONValue(parsing: request.body)
            return state.has(body?["oid"]?.string ?? "") ? Reply(200) : Reply(400)
        case ("POST", "commit"): return commit("\(section)/\(name)", rest.dropFirst().joined(separator: "/"))
        default: return Reply(404)
        }
    }

    /// Without a token the hub does not say whether a private repository exists.
    private func refusal(_ key: String) -> Reply? {
        let isKnown = request.token == TestHub.token
        if request.token != nil, !isKnown {
            return TestHub.json(
                ["error": .string("Invalid credentials \(request.token ?? "")")], status: 401)
        }
        guard let repository = state.repository(key) else {
            return TestHub.json(
                ["error": "Repository not found"], status: isKnown ? 404 : 401,
                headers: [("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found")])
        }
        if repository.isGated, !isKnown || request.path.contains("/resolve/") {
            return TestHub.json(
                ["error": "Access to it is restricted"], status: isKnown ? 403 : 401,
                headers: [("X-Error-Code", "GatedRepo")])
        }
        let isWriting = request.method == "POST"
        if (repository.isPrivate || isWriting) && !isKnown {
            return TestHub.json(["error": "Repository not found"], status: 401)
        }
        return nil
    }

    private var whoami: Reply {
        request.token == TestHub.token ? TestHub.json(["name": .string(TestHub.owner)]) : Reply(401)
    }

    private var create: Reply {
        guard request.token == TestHub.token else { return Reply(401) }
        let body = try? JSONValue(parsing: request.body)
        let owner = body?["organization"]?.string ?? TestHub.owner
        let key = "\(body?["type"]?.string ?? "model")s/\(owner)/\(body?["name"]?.string ?? "")"
        return state.create(key, branch: "main", isPrivate: body?["private"]?.bool ?? false) ? Reply(200) : Reply(409)
    }

    private func commit(of repository: TestHub.Repository, _ revision: String) -> String? {
        repository.references[revision] ?? repository.references.values.first { $0 == revision }
    }

    private func info(_ repository: TestHub.Repository, _ revision: String) -> Reply {
        guard let commit = commit(of: repository, revision) else {
            return TestHub.json(["error": "no"], status: 404, headers: [("X-Error-Code", "RevisionNotFound")])
        }
        let siblings = repository.files.keys.sorted().map { name -> JSONValue in ["rfilename": .string(name)] }
        return TestHub.json(["sha": .string(commit), "siblings": .array(siblings)])
    }

    /// Three files a page.
    private func tree(_ repository: TestHub.Repository, _ rest: [String]) -> Reply {
        if state.lacksTree { return Reply(404) }
        let names = repository.files.keys.sorted()
        let start = request.query["cursor"].flatMap { Int($0) } ?? 0
        let page = names[min(start, names.count)..<min(start + 3, names.count)]
        let entries = page.map { name -> JSONValue in
            let bytes = repository.files[name] ?? []
            var entry: JSONValue = [
                "type": "file", "path": .string(name), "size": .integer(Int64(bytes.count)),
                "oid": .string(TestHub.gitName(bytes)),
            ]
            if bytes.count >= TestHub.large {
                entry["lfs"] = ["oid": .string(TestHub.sha256(bytes)), "size": .integer(Int64(bytes.count))]
            }
            return entry
        }
        let next = "\(state.frontAddress)\(request.path)?recursive=true&cursor=\(start + 3)"
        return TestHub.json(
            .array([["type": "directory", "path": "folder"]] + entries),
            headers: start + 3 < names.count ? [("Link", "<\(next)>; rel=\"next\"")] : [])
    }

    private func resolve(_ repository: TestHub.Repository, _ rest: [String]) -> Reply {
        let path = rest.dropFirst(2).joined(separator: "/")
        guard rest.count > 2, let commit = commit(of: repository, rest[1]), let bytes = repository.files[path] else {
            return TestHub.json(["error": "no"], status: 404, headers: [("X-Error-Code", "EntryNotFound")])
        }
        guard bytes.count >= TestHub.large else {
            var reply = TestHub.file(bytes, request, tag: TestHub.gitName(bytes))
            reply.headers.append(("X-Repo-Commit", commit))
            return reply
        }
        return Reply(
            302,
            headers: [
                ("Location", state.address(of: bytes)), ("X-Repo-Commit", commit),
                ("X-Linked-Size", "\(bytes.count)"), ("X-Linked-Etag", "\"\(TestHub.sha256(bytes))\""),
            ], body: Array("Found".utf8))
    }

    // MARK: - Uploads

    private var preupload: Reply {
        let files = (try? JSONValue(parsing: request.body))?["files"]?.array ?? []
        return TestHub.json([
            "files": .array(
                files.map { file in
                    [
                        "path": file["path"] ?? "", "shouldIgnore": false,
                        "uploadMode": (file["size"]?.integer ?? 0) >= TestHub.large ? "lfs" : "regular",
                    ]
                })
        ])
    }

    private var batch: Reply {
        let objects = (try? JSONValue(parsing: request.body))?["objects"]?.array ?? []
        let root = state.frontAddress + request.path.replacing(".git/info/lfs/objects/batch", with: "")
        return TestHub.json([
            "transfer": "basic",
            "objects": .array(
                objects.map { object in
                    let oid = object["oid"]?.string ?? ""
                    let size = Int(object["size"]?.integer ?? 0)
                    var answer: JSONValue = ["oid": .string(oid), "size": .integer(Int64(size))]
                    if state.has(oid) { return answer }
                    let verify: JSONValue = ["href": .string("\(root)/verify")]
                    var upload: JSONValue = ["href": .string(state.putAddress(oid)), "header": [:]]
                    if let partSize = state.partSize, size > partSize {
                        var header: JSONValue = ["chunk_size": .string("\(partSize)")]
                        for number in 1...((size + partSize - 1) / partSize) {
                            header["\(number)"] = .string(state.putAddress(oid, part: number))
                        }
                        upload = ["href": .string("\(root)/complete/\(oid)"), "header": header]
                    }
                    answer["actions"] = ["upload": upload, "verify": verify]
                    return answer
                }),
        ])
    }

    private func commit(_ key: String, _ branch: String) -> Reply {
        guard request.headers["content-type"] == "application/x-ndjson" else { return Reply(400) }
        let lines = request.body.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: Array($0)) }
        var small: [(path: String, bytes: [UInt8])] = []
        var large: [(path: String, object: String)] = []
        for line in lines {
            let value = line["value"]
            let path = value?["path"]?.string ?? ""
            switch line["key"]?.string {
            case "file": small.append((path, Base64.decode(value?["content"]?.string ?? "") ?? []))
            case "lfsFile": large.append((path, value?["oid"]?.string ?? ""))
            default: continue
            }
        }
        let message = lines.first?["value"]?["summary"]?.string ?? ""
        guard state.repository(key)?.references[branch] != nil,
            let commit = state.commit(key, branch: branch, small: small, large: large, message: message)
        else { return Reply(404) }
        return TestHub.json(["success": true, "commitOid": .string(commit), "commitUrl": "x"])
    }
}
