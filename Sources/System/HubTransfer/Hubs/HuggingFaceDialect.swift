import JSONDocuments
import LinuxSystem

/// Hugging Face's hub and its mirrors: https://huggingface.co/docs/hub/api
struct HuggingFaceDialect: HubDialect {
    static func api(_ repository: HubRepository) -> String { "/api/\(repository.content.plural)/\(repository.name)" }

    /// Below which a repository's files are.
    static func root(_ repository: HubRepository) -> String {
        repository.content == .model ? "/\(repository.name)" : "/datasets/\(repository.name)"
    }

    func listing(of repository: HubRepository, revision: String, _ client: HubClient) throws -> RemoteListing {
        let subject = HubSubject(repository, revision: revision)
        let path = Self.api(repository) + "/revision/" + WebAddress.escaped(revision)
        let (info, response) = try client.json(client.request(.get, path), about: subject)
        let commit = info["sha"]?.string ?? response.header("x-repo-commit") ?? ""
        guard ContentHash(commit)?.algorithm == .gitBlob else { throw client.malformed("a commit") }
        if let files = try tree(of: repository, commit: commit, client) {
            return RemoteListing(commit: commit, files: files)
        }
        // Mirrors may know names alone.
        guard let siblings = info["siblings"]?.array else { throw client.malformed("a list of files") }
        let files = try siblings.compactMap { $0["rfilename"]?.string }.map { try RemoteFile(path: $0) }
        return RemoteListing(commit: commit, files: files)
    }

    /// The files with their sizes and hashes, page by page; nil where the server knows no such request.
    private func tree(of repository: HubRepository, commit: String, _ client: HubClient) throws -> [RemoteFile]? {
        var files: [RemoteFile] = []
        var next: String? = "\(client.access.endpoint)\(Self.api(repository))/tree/\(commit)?recursive=true"
        while let address = next {
            var request = client.request(.get, address: address)
            request.headers = [("Accept", "application/json")]
            let response = try client.send(request)
            if files.isEmpty, [404, 405, 501].contains(response.status) { return nil }
            guard response.isSuccess else {
                throw client.refusal(response, HubSubject(repository, revision: commit))
            }
            guard let entries = try client.value(of: response).array else { throw client.malformed("a list of files") }
            for entry in entries where entry["type"]?.string == "file" {
                let large = entry["lfs"].flatMap { $0.isNull ? nil : $0 }
                var file = try RemoteFile(
                    path: entry["path"]?.string ?? "",
                    size: (large?["size"] ?? entry["size"])?.integer.map { Int($0) },
                    hash: (large?["oid"] ?? entry["oid"])?.string.flatMap { ContentHash($0) })
                file.gitName = entry["oid"]?.string
                files.append(file)
            }
            guard files.count <= RemoteListing.mostFiles else { throw client.malformed("an end of its list of files") }
            next = Self.nextPage(response)
        }
        return files
    }

    /// `Link: <https://...>; rel="next"`
    private static func nextPage(_ response: HTTPResponse) -> String? {
        guard let link = response.header("link") else { return nil }
        for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
            guard let start = part.firstIndex(of: "<"), let end = part.firstIndex(of: ">"), start < end else {
                continue
            }
            return String(part[part.index(after: start)..<end])
        }
        return nil
    }

    func download(
        _ file: RemoteFile, of repository: HubRepository, revision: String, commit: String, _ client: HubClient
    ) -> HTTPRequest {
        client.request(.get, "\(Self.root(repository))/resolve/\(commit)/\(WebAddress.escapedPath(file.path))")
    }

    /// What the headers say: of a large file those of the redirection, for the storage behind it has names of its own.
    func described(
        _ file: RemoteFile, of repository: HubRepository, commit: String, _ client: HubClient
    ) throws -> RemoteFile {
        var request = download(file, of: repository, revision: commit, commit: commit, client)
        request.method = .head
        request.followsRedirections = false
        request.headers = [("Accept-Encoding", "identity")]
        var response = try client.send(request)
        // A repository that was renamed is found under its new name, at the same hub.
        for _ in 0..<5 where (300..<400).contains(response.status) && response.header("x-linked-etag") == nil {
            guard let place = response.header("location"), place.hasPrefix("/") else { break }
            request.address = (WebAddress.origin(of: request.address) ?? "") + place
            response = try client.send(request)
        }
        guard response.status < 400 else {
            throw client.refusal(response, HubSubject(repository, revision: commit, file: file.path))
        }
        let isRedirection = response.status >= 300
        let size = response.header("x-linked-size") ?? (isRedirection ? nil : response.header("content-length"))
        let tag = response.header("x-linked-etag") ?? response.header("etag")
        return try RemoteFile(
            path: file.path, size: size.flatMap { Int($0) }, hash: tag.flatMap { ContentHash(Self.plain($0)) })
    }

    /// An entity tag without its quotes and mark of weakness.
    private static func plain(_ tag: String) -> String {
        (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]).filter { $0 != "\"" }
    }
}
