import JSONDocuments
import LinuxSystem

/// The hub Modelers (魔乐社区), as its library openmind_hub speaks to it.
struct ModelersDialect: HubDialect {
    static func api(_ repository: HubRepository) -> String { "/api/v1/file/\(repository.name)" }

    /// Folders that are looked into at most.
    private static let mostFolders = 10_000

    func listing(of repository: HubRepository, revision: String, _ client: HubClient) throws -> RemoteListing {
        let subject = HubSubject(repository, revision: revision)
        var commit = ""
        var files: [RemoteFile] = []
        var folders = [""]
        var seen: Set<String> = [""]
        while let folder = folders.popLast() {
            let fields: [(name: String, value: String)] = [("path", folder), ("ref", revision)]
            let request = client.request(.get, "\(Self.api(repository))?\(WebAddress.query(fields))")
            let data = try client.json(request, about: subject).value["data"]
            guard let entries = data?["tree"]?.array else { throw client.malformed("a list of files") }
            if commit.isEmpty {
                commit = data?["last_commit"]?["commit"]?["commit_sha"]?.string ?? ""
                guard ContentHash(commit)?.algorithm == .gitBlob else { throw client.malformed("a commit") }
            }
            for entry in entries {
                let path = entry["path"]?.string ?? ""
                if entry["type"]?.string == "dir" {
                    if seen.insert(path).inserted { folders.append(path) }
                } else {
                    files.append(
                        try RemoteFile(
                            path: path, size: entry["size"]?.integer.map { Int($0) },
                            hash: entry["etag"]?.string.flatMap { ContentHash($0) }))
                }
            }
            guard files.count <= RemoteListing.mostFiles, seen.count <= Self.mostFolders else {
                throw client.malformed("an end of its list of files")
            }
        }
        return RemoteListing(commit: commit, files: files.sorted { $0.path < $1.path })
    }

    func download(
        _ file: RemoteFile, of repository: HubRepository, revision: String, commit: String, _ client: HubClient
    ) -> HTTPRequest {
        client.request(
            .get, "\(Self.api(repository))/\(WebAddress.escaped(revision))/media/\(WebAddress.escapedPath(file.path))")
    }
}
