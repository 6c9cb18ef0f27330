package import LinuxSystem

/// Uploads a folder as one commit.
///
/// Everything large is put into the hub's storage first; only the commit changes the repository. A process that is
/// killed leaves it as it was, and the next one sends what is still missing.
package struct Push: Sendable {
    package let hub: Hub
    package let content: Hub.Content
    /// `owner/name`; a bare name goes to the owner of the token.
    package let name: String
    package let folder: String
    package let revision: String
    package var message = "Upload with finetuned"
    /// Of a repository that is made for it.
    package var isPrivate = false
    package var patterns = PathPatterns()
    /// Files at a time.
    package var width = 4

    package struct Outcome: Equatable, Sendable {
        package let repository: String
        /// Where people look at it.
        package let address: String
        /// Nil when there was nothing to change, or the hub does not tell.
        package let commit: String?
        package let files: Int
        /// Files that the commit changes.
        package let changed: Int
        package let bytesTransferred: Int
    }

    /// Files that stand in the commit itself may have so many bytes together.
    private static let mostSmallBytes = 512 << 20
    /// Addresses in the storage are asked for so many files, as they hold for a while only.
    private static let batch = 32

    package init(_ hub: Hub, _ content: Hub.Content, _ name: String, folder: String, revision: String?) throws {
        self.hub = hub
        self.content = content
        self.name = try HubRepository(hub, content, name).name
        self.folder = folder
        self.revision = hub.revision(revision)
        guard Pull.isRevision(self.revision) else {
            throw HubError(.badRequest, "`\(self.revision)` is no branch", hint: "the name of a branch is expected")
        }
    }

    package func run(_ access: HubAccess, progress: TransferProgress = TransferProgress()) throws -> Outcome {
        let files = try LocalFolder.files(in: folder, patterns)
        guard access.credentials != nil else {
            throw HubError(
                .permission, "\(hub.title): uploading needs an access token",
                hint: "set \(hub.tokenVariables[0]), or \(hub.tokenParameter) in the file")
        }
        let client = try access.client()
        let repository = try fullName(client)
        try hub.dialect.create(repository, isPrivate: isPrivate, client)
        let there = try remoteFiles(of: repository, client)
        let changed = try changedFiles(files, there, access, progress)
        let commit = changed.isEmpty ? nil : try upload(changed, to: repository, access, client, progress)
        let section = content == .model && hub == .huggingFace ? "" : content.plural + "/"
        return Outcome(
            repository: repository.name, address: "\(access.endpoint)/\(section)\(repository.name)", commit: commit,
            files: files.count, changed: changed.count, bytesTransferred: progress.state.bytesTransferred)
    }

    private func fullName(_ client: HubClient) throws -> HubRepository {
        let full = name.contains("/") ? name : "\(try hub.dialect.account(client))/\(name)"
        return try HubRepository(hub, content, full)
    }

    /// What the branch holds already.
    private func remoteFiles(of repository: HubRepository, _ client: HubClient) throws -> [String: RemoteFile] {
        do {
            let listing = try hub.dialect.listing(of: repository, revision: revision, client)
            return Dictionary(listing.files.map { ($0.path, $0) }) { first, _ in first }
        } catch let error as HubError where error.kind == .notFound {
            // A repository without a commit has no branch yet.
            return [:]
        }
    }

    /// Hashes the files and leaves out those that the hub has as they are.
    private func changedFiles(
        _ files: [LocalFile], _ there: [String: RemoteFile], _ access: HubAccess, _ progress: TransferProgress
    ) throws -> [LocalFile] {
        progress.update {
            $0.phase = .hashing
            $0.files = files.count
            $0.bytes = files.reduce(0) { $0 + $1.size }
        }
        var changed: [LocalFile] = []
        for var file in files {
            progress.update { $0.file = file.path }
            let hash = try ContentHash.of(.sha256, file: file.place, cancellation: access.cancellation)
            file.sha256 = hash.digits
            let remote = there[file.path]?.hash
            let isSame =
                try remote.map { known in
                    try known
                        == (known.algorithm == .sha256
                            ? hash
                            : ContentHash.of(known.algorithm, file: file.place, cancellation: access.cancellation))
                } ?? false
            if !isSame { changed.append(file) }
            progress.update {
                $0.filesDone += 1
                $0.bytesDone += file.size
            }
        }
        return changed
    }

    private func upload(
        _ files: [LocalFile], to repository: HubRepository, _ access: HubAccess, _ client: HubClient,
        _ progress: TransferProgress
    ) throws -> String? {
        let dialect = hub.dialect
        let names = try dialect.largeFiles(among: files, in: repository, revision: revision, client)
        let large = files.filter { names.contains($0.path) }
        let small = files.filter { !names.contains($0.path) }
        let smallBytes = small.reduce(0) { $0 + $1.size }
        guard smallBytes <= Self.mostSmallBytes else {
            throw HubError(
                .badRequest,
                "the small files of \(folder) have \(smallBytes) bytes together, and one commit takes "
                    + "\(Self.mostSmallBytes)", hint: "upload them in several steps, with --include")
        }
        progress.update {
            $0.phase = .uploading
            ($0.files, $0.filesDone) = (large.count, 0)
            ($0.bytes, $0.bytesDone) = (large.reduce(0) { $0 + $1.size }, 0)
        }
        for start in stride(from: 0, to: large.count, by: Self.batch) {
            let batch = Array(large[start..<min(start + Self.batch, large.count)])
            try uploadLarge(batch, to: repository, access, client, progress)
        }
        progress.update {
            $0.phase = .committing
            $0.file = nil
        }
        for file in files { try file.checkThatUnchanged() }
        return try dialect.commit(small, large: large, message: message, to: repository, revision: revision, client)
    }

    private func uploadLarge(
        _ files: [LocalFile], to repository: HubRepository, _ access: HubAccess, _ client: HubClient,
        _ progress: TransferProgress
    ) throws {
        // Files of one content are put there once.
        var seen: Set<String> = []
        let different = files.filter { seen.insert($0.sha256).inserted }
        let missing = try hub.dialect.uploads(of: different, to: repository, revision: revision, client)
        let waiting = Set(missing.map(\.file.path))
        progress.update {
            for file in files where !waiting.contains(file.path) {
                $0.filesDone += 1
                $0.bytesDone += file.size
            }
        }
        try ParallelWork.forEach(missing, width: width, stop: access.cancellation.cancel) { [self] in
            let client = try access.client()
            return { item in
                progress.update { $0.file = item.file.path }
                let subject = HubSubject(repository, revision: revision, file: item.file.path, isWriting: true)
                try client.upload(item.file, item.steps, subject: subject, progress: progress)
                progress.update { $0.filesDone += 1 }
            }
        }
    }
}
