import JSONDocuments
import LinuxSystem

/// Uploads: https://huggingface.co/docs/hub/api and https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
extension HuggingFaceDialect {
    private static let largeFileType = "application/vnd.git-lfs+json"

    func account(_ client: HubClient) throws -> String {
        let request = client.request(.get, "/api/whoami-v2")
        let response = try client.send(request)
        guard response.isSuccess, let name = try client.value(of: response)["name"]?.string else {
            throw client.unknownAccount(response)
        }
        return name
    }

    func create(_ repository: HubRepository, isPrivate: Bool, _ client: HubClient) throws {
        let known = try client.send(client.request(.get, Self.api(repository)))
        if known.isSuccess { return }
        let parts = repository.name.split(separator: "/").map(String.init)
        var value: JSONValue = ["name": .string(parts[parts.count - 1]), "type": .string(repository.content.rawValue)]
        if parts.count == 2 { value["organization"] = .string(parts[0]) }
        if isPrivate { value["private"] = true }
        let response = try client.post("/api/repos/create", value)
        // Another process may have made it meanwhile.
        guard response.isSuccess || response.status == 409 else {
            throw client.refusal(response, HubSubject(repository, isWriting: true))
        }
    }

    func largeFiles(
        among files: [LocalFile], in repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> Set<String> {
        let path = "\(Self.api(repository))/preupload/\(WebAddress.escaped(revision))"
        var large: Set<String> = []
        for start in stride(from: 0, to: files.count, by: 256) {
            let asked = try files[start..<min(start + 256, files.count)].map { file -> JSONValue in
                [
                    "path": .string(file.path), "size": .integer(Int64(file.size)),
                    "sample": .string(Base64.encode(try file.sample(512))),
                ]
            }
            let answer = try client.post(
                path, ["files": .array(asked)], about: HubSubject(repository, revision: revision, isWriting: true))
            guard let answers = answer["files"]?.array else { throw client.malformed("how files are to be uploaded") }
            large.formUnion(answers.filter { $0["uploadMode"]?.string == "lfs" }.compactMap { $0["path"]?.string })
        }
        // Storage takes no empty files.
        return large.subtracting(files.filter { $0.size == 0 }.map(\.path))
    }

    func uploads(
        of files: [LocalFile], to repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> [(file: LocalFile, steps: UploadSteps)] {
        var request = client.request(.post, "\(Self.root(repository)).git/info/lfs/objects/batch")
        request.headers = [("Content-Type", Self.largeFileType), ("Accept", Self.largeFileType)]
        let value: JSONValue = [
            "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
            "ref": ["name": .string(revision)],
            "objects": .array(files.map { ["oid": .string($0.sha256), "size": .integer(Int64($0.size))] }),
        ]
        request.body = .bytes(value.serializedBytes(.compact))
        let subject = HubSubject(repository, revision: revision, isWriting: true)
        let response = try client.send(request)
        guard response.isSuccess else { throw client.refusal(response, subject) }
        guard let objects = try client.value(of: response)["objects"]?.array else {
            throw client.malformed("where files are to be put")
        }
        return try files.compactMap { file in
            guard let object = objects.first(where: { $0["oid"]?.string == file.sha256 }) else {
                throw client.malformed("where \(file.path) is to be put")
            }
            if let error = object["error"], !error.isNull {
                throw HubError(
                    .network,
                    "\(client.access.hub.title) does not take \(file.path): "
                        + (error["message"]?.string ?? "it gives no reason"))
            }
            return try Self.steps(for: file, object["actions"], client).map { (file, $0) }
        }
    }

    /// Nil for what the hub has already.
    private static func steps(for file: LocalFile, _ actions: JSONValue?, _ client: HubClient) throws -> UploadSteps? {
        guard let upload = actions?["upload"], !upload.isNull else { return nil }
        guard let address = upload["href"]?.string else { throw client.malformed("where \(file.path) is to be put") }
        let fields = upload["header"]
        let verification = actions?["verify"].flatMap { action in
            action["href"]?.string.map { address in
                UploadSteps.Message(
                    address: address, headers: UploadSteps.headers(action["header"]),
                    body: ["oid": .string(file.sha256), "size": .integer(Int64(file.size))])
            }
        }
        let size = fields?["chunk_size"].flatMap { $0.integer.map { Int($0) } ?? $0.string.flatMap { Int($0) } }
        guard let size else {
            let part = UploadSteps.Part(
                address: address, headers: UploadSteps.headers(fields), range: 0..<file.size)
            return UploadSteps(pieces: [.missing(part)]) { _ in [verification].compactMap(\.self) }
        }
        let ranges = UploadSteps.ranges(of: file.size, partSize: size)
        // The addresses of the parts stand among the headers, under their numbers.
        let numbered = (fields?.object ?? [:]).compactMap { entry in
            Int(entry.key).flatMap { number in entry.value.string.map { (number: number, address: $0) } }
        }.sorted { $0.number < $1.number }
        guard numbered.count == ranges.count, size > 0 else { throw client.malformed("an address for every part") }
        let pieces = zip(numbered, ranges).map { UploadSteps.Piece.missing(.init(address: $0.address, range: $1)) }
        let oid = file.sha256
        return UploadSteps(pieces: pieces) { tags in
            let parts = tags.enumerated().map { index, tag -> JSONValue in
                ["partNumber": .integer(Int64(index + 1)), "etag": .string(tag)]
            }
            let completion = UploadSteps.Message(
                address: address, headers: [("Content-Type", largeFileType), ("Accept", largeFileType)],
                body: ["oid": .string(oid), "parts": .array(parts)])
            return [completion] + [verification].compactMap(\.self)
        }
    }

    func commit(
        _ small: [LocalFile], large: [LocalFile], message: String, to repository: HubRepository, revision: String,
        _ client: HubClient
    ) throws -> String? {
        var lines: [JSONValue] = [
            ["key": "header", "value": ["summary": .string(message), "description": ""]]
        ]
        lines += try small.map { file in
            [
                "key": "file",
                "value": [
                    "path": .string(file.path), "encoding": "base64",
                    "content": .string(Base64.encode(try file.contents())),
                ],
            ]
        }
        lines += large.map { file in
            [
                "key": "lfsFile",
                "value": [
                    "path": .string(file.path), "algo": "sha256", "oid": .string(file.sha256),
                    "size": .integer(Int64(file.size)),
                ],
            ]
        }
        var request = client.request(.post, "\(Self.api(repository))/commit/\(WebAddress.escaped(revision))")
        request.headers = [("Content-Type", "application/x-ndjson"), ("Accept", "application/json")]
        request.body = .bytes(lines.flatMap { $0.serializedBytes(.compact) + [UInt8(ascii: "\n")] })
        request.patience = max(request.patience, 600)
        let response = try client.send(request)
        guard response.isSuccess else {
            throw client.refusal(response, HubSubject(repository, revision: revision, isWriting: true))
        }
        return try client.value(of: response)["commitOid"]?.string
    }
}

extension HubClient {
    /// The token belongs to nobody whom the hub knows.
    func unknownAccount(_ response: HTTPResponse) -> HubError {
        HubError(
            .permission, "\(access.hub.title) does not say whose the access token is (status \(response.status))",
            hint: "see \(access.hub.tokenVariables[0]), or name the repository as owner/name")
    }
}
