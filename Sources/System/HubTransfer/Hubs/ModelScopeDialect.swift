import JSONDocuments
import LinuxSystem

/// ModelScope's hub (魔搭社区), as its own library speaks to it.
struct ModelScopeDialect: HubDialect {
    static func api(_ repository: HubRepository) -> String { "/api/v1/\(repository.content.plural)/\(repository.name)" }

    private static let pageSize = 200
    /// A list of a model's files is cut here without a word.
    private static let cutAt = 3000

    func listing(of repository: HubRepository, revision: String, _ client: HubClient) throws -> RemoteListing {
        let entries =
            repository.content == .dataset
            ? try pages(of: repository, revision: revision, client)
            : try entries(of: repository, revision: revision, root: nil, client)
        let files = try entries.filter { Self.text($0, "Type") != "tree" }.map { entry in
            try RemoteFile(
                path: Self.text(entry, "Path") ?? Self.text(entry, "Name") ?? "",
                size: (entry["Size"] ?? entry["size"])?.integer.map { Int($0) },
                hash: Self.text(entry, "Sha256").flatMap { ContentHash($0) })
        }
        return RemoteListing(commit: try Self.commit(of: files), files: files)
    }

    /// The hub names no commit for a branch, so a version is named by what it consists of.
    private static func commit(of files: [RemoteFile]) throws -> String {
        let lines = files.map { "\($0.path)\0\($0.size ?? -1)\0\($0.hash?.digits ?? "")\n" }.sorted()
        return try ContentHash.of(.gitBlob, Array(lines.joined().utf8)).digits
    }

    /// A model's files, folder by folder where there are too many for one answer.
    private func entries(
        of repository: HubRepository, revision: String, root: String?, _ client: HubClient
    ) throws -> [JSONValue] {
        func list(recursive: Bool) throws -> [JSONValue] {
            var fields: [(name: String, value: String)] = [
                ("Revision", revision), ("Recursive", recursive ? "True" : "False"),
            ]
            if let root { fields.append(("Root", root)) }
            return try files(repository, "/repo/files", fields, revision: revision, client)
        }
        let all = try list(recursive: true)
        if all.count < Self.cutAt { return all }
        let here = try list(recursive: false)
        guard here.count < Self.cutAt else {
            throw HubError(
                .network,
                "\(Hub.modelScope.title) lists at most \(Self.cutAt) files of a folder, and "
                    + "\(root ?? repository.name) has more")
        }
        return try here.filter { Self.text($0, "Type") != "tree" }
            + here.filter { Self.text($0, "Type") == "tree" }.flatMap { folder in
                try entries(of: repository, revision: revision, root: Self.text(folder, "Path") ?? "", client)
            }
    }

    private func pages(of repository: HubRepository, revision: String, _ client: HubClient) throws -> [JSONValue] {
        var entries: [JSONValue] = []
        for page in 1...(RemoteListing.mostFiles / Self.pageSize) {
            let fields: [(name: String, value: String)] = [
                ("Revision", revision), ("Recursive", "True"), ("PageNumber", "\(page)"),
                ("PageSize", "\(Self.pageSize)"),
            ]
            let more = try files(repository, "/repo/tree", fields, revision: revision, client)
            entries += more
            if more.count < Self.pageSize { return entries }
        }
        throw client.malformed("an end of its list of files")
    }

    private func files(
        _ repository: HubRepository, _ path: String, _ fields: [(name: String, value: String)], revision: String,
        _ client: HubClient
    ) throws -> [JSONValue] {
        let request = client.request(.get, "\(Self.api(repository))\(path)?\(WebAddress.query(fields))")
        let answer = try client.json(request, about: HubSubject(repository, revision: revision)).value
        let data = try Self.data(of: answer, client, HubSubject(repository, revision: revision))
        guard let files = data.array ?? (data["Files"] ?? data["files"])?.array else {
            throw client.malformed("a list of files")
        }
        return files
    }

    /// `Data` of an answer; failures may come with the status of a success.
    static func data(of answer: JSONValue, _ client: HubClient, _ subject: HubSubject) throws -> JSONValue {
        if let code = answer["Code"]?.integer, code != 200 {
            throw client.refusal(
                HTTPResponse(
                    status: (400..<600).contains(code) ? Int(code) : 404, headers: [],
                    body: answer.serializedBytes(.compact), address: ""), subject)
        }
        return answer["Data"] ?? answer
    }

    private static func text(_ entry: JSONValue, _ name: String) -> String? {
        (entry[name] ?? entry[name.lowercased()])?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    func download(
        _ file: RemoteFile, of repository: HubRepository, revision: String, commit: String, _ client: HubClient
    ) -> HTTPRequest {
        let fields: [(name: String, value: String)] = [("Revision", revision), ("FilePath", file.path)]
        return client.request(.get, "\(Self.api(repository))/repo?\(WebAddress.query(fields))")
    }
}
