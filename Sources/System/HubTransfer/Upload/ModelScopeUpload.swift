import JSONDocuments
import LinuxSystem

extension ModelScopeDialect {
    private static let isPrivate: Int64 = 1
    private static let isPublic: Int64 = 5
    /// Larger files go to the storage.
    private static let largestSmallFile = 64 << 10
    /// Read by the hub itself, so they stay in the repository whatever their size.
    private static let alwaysSmall: Set<String> = [".gitattributes", ".gitignore", "README.md", "configuration.json"]

    func account(_ client: HubClient) throws -> String {
        let token = client.access.credentials?.token.secret ?? ""
        let response = try client.post("/api/v1/login", ["AccessToken": .string(token)])
        guard response.isSuccess, let name = try client.value(of: response)["Data"]?["Username"]?.string else {
            throw client.unknownAccount(response)
        }
        return name
    }

    func create(_ repository: HubRepository, isPrivate: Bool, _ client: HubClient) throws {
        let known = try client.send(client.request(.get, Self.api(repository)))
        if known.isSuccess, (try client.value(of: known)["Code"]?.integer ?? 200) == 200 { return }
        let parts = repository.name.split(separator: "/").map(String.init)
        let visibility = isPrivate ? Self.isPrivate : Self.isPublic
        let subject = HubSubject(repository, isWriting: true)
        if repository.content == .model {
            let value: JSONValue = [
                "Path": .string(parts[0]), "Name": .string(parts[parts.count - 1]), "Visibility": .integer(visibility),
                "License": "Apache License 2.0",
            ]
            _ = try Self.data(of: client.post("/api/v1/models", value, about: subject), client, subject)
            return
        }
        // This one takes a form.
        var request = client.request(.post, "/api/v1/datasets")
        let fields: [(name: String, value: String)] = [
            ("Owner", parts[0]), ("Name", parts[parts.count - 1]), ("Visibility", "\(visibility)"),
            ("License", "Apache License 2.0"),
        ]
        let boundary = "finetuned-form-field"
        request.headers = [("Content-Type", "multipart/form-data; boundary=\(boundary)")]
        let form = fields.map {
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\($0.name)\"\r\n\r\n\($0.value)\r\n"
        }
        request.body = .bytes(Array("\(form.joined())--\(boundary)--\r\n".utf8))
        let response = try client.send(request)
        guard response.isSuccess else { throw client.refusal(response, subject) }
        _ = try Self.data(of: client.value(of: response), client, subject)
    }

    func largeFiles(
        among files: [LocalFile], in repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> Set<String> {
        // The hub has no opinion: its own library goes by size and by the kind of the file.
        let large = try files.filter { file in
            guard file.size > 0, !Self.alwaysSmall.contains(Path.lastComponent(of: file.path)) else { return false }
            return try file.size > Self.largestSmallFile || file.sample(8192).contains(0)
        }
        return Set(large.map(\.path))
    }

    func uploads(
        of files: [LocalFile], to repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> [(file: LocalFile, steps: UploadSteps)] {
        let subject = HubSubject(repository, revision: revision, isWriting: true)
        let objects = files.map { file -> JSONValue in
            ["oid": .string(file.sha256), "size": .integer(Int64(file.size))]
        }
        let answer = try client.post(
            "\(Self.changes(repository))/info/lfs/objects/batch",
            ["operation": "upload", "objects": .array(objects)], about: subject)
        guard let answers = try Self.data(of: answer, client, subject)["objects"]?.array else {
            throw client.malformed("where files are to be put")
        }
        return files.compactMap { file in
            let upload = answers.first { $0["oid"]?.string == file.sha256 }?["actions"]?["upload"]
            guard let address = upload?["href"]?.string else { return nil }
            let part = UploadSteps.Part(
                address: address, headers: UploadSteps.headers(upload?["header"]), range: 0..<file.size)
            return (file, UploadSteps(pieces: [.missing(part)]))
        }
    }

    func commit(
        _ small: [LocalFile], large: [LocalFile], message: String, to repository: HubRepository, revision: String,
        _ client: HubClient
    ) throws -> String? {
        var actions = try small.map { file -> JSONValue in
            [
                "action": "create", "path": .string(file.path), "type": "normal", "size": .integer(Int64(file.size)),
                "sha256": "", "content": .string(Base64.encode(try file.contents())), "encoding": "base64",
            ]
        }
        actions += large.map { file in
            [
                "action": "create", "path": .string(file.path), "type": "lfs", "size": .integer(Int64(file.size)),
                "sha256": .string(file.sha256), "content": "", "encoding": "",
            ]
        }
        let subject = HubSubject(repository, revision: revision, isWriting: true)
        let response = try client.post(
            "\(Self.changes(repository))/commit/\(WebAddress.escaped(revision))",
            ["commit_message": .string(message), "actions": .array(actions)], patience: 600)
        guard response.isSuccess else { throw client.refusal(response, subject) }
        let value = try client.value(of: response)
        if value["Success"]?.bool == false { throw client.refusal(response.failed, subject) }
        let data = try Self.data(of: value, client, subject)
        return ["oid", "Oid", "commit_id", "CommitId"].lazy.compactMap { data[$0]?.string }.first
    }

    private static func changes(_ repository: HubRepository) -> String {
        "/api/v1/repos/\(repository.content.plural)/\(repository.name)"
    }
}

extension HTTPResponse {
    /// The same as the failure that its body says it is.
    fileprivate var failed: HTTPResponse {
        var response = self
        response.status = 400
        return response
    }
}
