import JSONDocuments
import LinuxSystem

extension ModelersDialect {
    func account(_ client: HubClient) throws -> String {
        let response = try client.send(client.request(.get, "/api/v1/user"))
        guard response.isSuccess, let name = try client.value(of: response)["data"]?["account"]?.string else {
            throw client.unknownAccount(response)
        }
        return name
    }

    func create(_ repository: HubRepository, isPrivate: Bool, _ client: HubClient) throws {
        let path = "/api/v1/\(repository.content.rawValue)"
        let known = try client.send(client.request(.get, "\(path)/\(repository.name)"))
        if known.isSuccess { return }
        let parts = repository.name.split(separator: "/").map(String.init)
        let response = try client.post(
            path,
            [
                "owner": .string(parts[0]), "name": .string(parts[parts.count - 1]), "license": "apache-2.0",
                "visibility": isPrivate ? "private" : "public",
            ])
        if response.isSuccess { return }
        // Another process may have made it meanwhile.
        let code = try? client.value(of: response)["code"]?.string
        guard response.status == 400, code == "duplicate_creating" else {
            throw client.refusal(response, HubSubject(repository, isWriting: true))
        }
    }

    func largeFiles(
        among files: [LocalFile], in repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> Set<String> {
        var large: Set<String> = []
        for start in stride(from: 0, to: files.count, by: 100) {
            let asked = files[start..<min(start + 100, files.count)].map { file -> JSONValue in
                ["path": .string(file.path), "size": .integer(Int64(file.size)), "sha": .string(file.sha256)]
            }
            let answer = try client.post(
                "\(Self.api(repository))/pre_upload", ["branch": .string(revision), "files": .array(asked)],
                about: HubSubject(repository, revision: revision, isWriting: true))
            guard let answers = answer["data"]?["files"]?.array else {
                throw client.malformed("how files are to be uploaded")
            }
            large.formUnion(answers.filter { $0["type"]?.string == "lfs" }.compactMap { $0["path"]?.string })
        }
        return large.subtracting(files.filter { $0.size == 0 }.map(\.path))
    }

    func uploads(
        of files: [LocalFile], to repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> [(file: LocalFile, steps: UploadSteps)] {
        let objects = files.map { file -> JSONValue in
            ["oid": .string(file.sha256), "size": .integer(Int64(file.size))]
        }
        let answer = try client.post(
            "\(Self.api(repository))/info/lfs/objects/batch",
            [
                "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
                "objects": .array(objects),
            ], about: HubSubject(repository, revision: revision, isWriting: true))
        guard let answers = answer["data"]?["objects"]?.array else {
            throw client.malformed("where files are to be put")
        }
        return try files.compactMap { file in
            guard let object = answers.first(where: { $0["oid"]?.string == file.sha256 }) else {
                throw client.malformed("where \(file.path) is to be put")
            }
            if let code = object["error"]?["code"]?.integer, code >= 300 {
                throw HubError(
                    .network,
                    "\(client.access.hub.title) does not take \(file.path): "
                        + (object["error"]?["message"]?.string ?? "it gives no reason"))
            }
            return try Self.steps(for: file, object["actions"], client).map { (file, $0) }
        }
    }

    /// Nil for what the hub has already. Parts that came in an earlier attempt are listed with their tags.
    private static func steps(for file: LocalFile, _ actions: JSONValue?, _ client: HubClient) throws -> UploadSteps? {
        guard let parts = actions?["parts"]?.array, let first = parts.first else { return nil }
        let size = first["size"]?.integer.map { Int($0) } ?? 20_000_000
        let ranges = UploadSteps.ranges(of: file.size, partSize: size)
        let ordered = parts.sorted { ($0["index"]?.integer ?? 0) < ($1["index"]?.integer ?? 0) }
        guard ordered.count == ranges.count, size > 0 else { throw client.malformed("an address for every part") }
        let pieces = try zip(ordered, ranges).map { part, range -> UploadSteps.Piece in
            if let address = part["href"]?.string, !address.isEmpty {
                return .missing(
                    .init(address: address, headers: UploadSteps.headers(part["headers"]), range: range))
            }
            guard let tag = part["etag"]?.string else { throw client.malformed("an address for every part") }
            return .there(tag: tag)
        }
        guard let verify = actions?["verify"], let address = verify["href"]?.string else {
            return UploadSteps(pieces: pieces)
        }
        let fields = UploadSteps.headers(verify["params"])
        let query = fields.isEmpty ? "" : "?" + WebAddress.query(fields)
        let headers = UploadSteps.headers(verify["headers"])
        let upload = verify["params"]?["upload_id"] ?? .null
        return UploadSteps(pieces: pieces) { tags in
            let parts = tags.enumerated().map { index, tag -> JSONValue in
                ["index": .integer(Int64(index + 1)), "etag": .string(tag)]
            }
            return [
                UploadSteps.Message(
                    address: address + query, headers: headers,
                    body: ["upload_id": upload, "part_ids": .array(parts)])
            ]
        }
    }

    func commit(
        _ small: [LocalFile], large: [LocalFile], message: String, to repository: HubRepository, revision: String,
        _ client: HubClient
    ) throws -> String? {
        func entry(_ path: String, _ content: [UInt8]) -> JSONValue {
            ["operation": "create", "path": .string(path), "content": .string(Base64.encode(content))]
        }
        var files = try small.map { entry($0.path, try $0.contents()) }
        files += large.map { file in
            // What git holds in place of a large file.
            let pointer =
                "version https://git-lfs.github.com/spec/v1\noid sha256:\(file.sha256)\nsize \(file.size)"
            return entry(file.path, Array(pointer.utf8))
        }
        let response = try client.post(
            "\(Self.api(repository))/upload",
            ["files": .array(files), "ref": .string(revision), "title": .string(message)], patience: 600)
        guard response.isSuccess else {
            throw client.refusal(response, HubSubject(repository, revision: revision, isWriting: true))
        }
        return try client.value(of: response)["data"]?.array?.compactMap { $0["commit_oid"]?.string }.last
    }
}
