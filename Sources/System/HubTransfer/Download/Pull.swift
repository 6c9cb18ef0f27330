package import LinuxSystem

/// Downloads a version of a repository into the cache.
package struct Pull: Sendable {
    package let repository: HubRepository
    package let revision: String
    package let cache: HubCache
    package var patterns = PathPatterns()
    /// Fetch files also when they are there.
    package var again = false
    /// Ask nothing of the hub; what is missing is an error.
    package var isOffline = false
    /// Files at a time.
    package var width = 4

    package struct Outcome: Equatable, Sendable {
        package let folder: String
        package let commit: String
        package let files: Int
        package let bytes: Int
        package let bytesTransferred: Int
    }

    package init(_ repository: HubRepository, revision: String?, into cache: HubCache) throws {
        self.repository = repository
        self.revision = repository.hub.revision(revision)
        self.cache = cache
        guard Self.isRevision(self.revision) else {
            throw HubError(
                .badRequest, "`\(self.revision)` is no revision", hint: "a branch, a tag or a commit is expected")
        }
    }

    /// Names as git allows them; they become paths below `refs`.
    static func isRevision(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasPrefix("-")
            }
    }

    package func run(_ access: HubAccess, progress: TransferProgress = TransferProgress()) throws -> Outcome {
        let folder = RepositoryFolder(repository, in: cache)
        if isOffline { return try found(in: folder) }
        try folder.prepare()
        let client = try access.client()
        let commitKnown = again ? nil : folder.keptListing(of: revision)
        let listing = try commitKnown ?? repository.hub.dialect.listing(of: repository, revision: revision, client)
        if commitKnown == nil { try folder.keep(listing, access.cancellation) }
        var files = listing.files.filter { patterns.chooses($0.path) }
        guard !files.isEmpty else { throw nothingChosen(listing) }
        files = try described(files, commit: listing.commit, client)
        if !again, folder.hasAll(files, commit: listing.commit) {
            try folder.setReference(revision, to: listing.commit, access.cancellation)
        } else {
            try checkSpace(for: files, commit: listing.commit, in: folder)
            try download(files, commit: listing.commit, into: folder, access, progress)
            try folder.link(
                files.map { ($0.path, Self.blobName($0, listing.commit)) }, commit: listing.commit,
                access.cancellation)
            try folder.setReference(revision, to: listing.commit, access.cancellation)
        }
        return outcome(files, listing.commit, folder, transferred: progress.state.bytesTransferred)
    }

    private func outcome(
        _ files: [RemoteFile], _ commit: String, _ folder: RepositoryFolder, transferred: Int
    ) -> Outcome {
        let snapshot = folder.snapshot(commit)
        let bytes = files.reduce(0) { $0 + ($1.size ?? FileSystem.size(of: "\(snapshot)/\($1.path)") ?? 0) }
        return Outcome(
            folder: snapshot, commit: commit, files: files.count, bytes: bytes, bytesTransferred: transferred)
    }

    private func nothingChosen(_ listing: RemoteListing) -> HubError {
        listing.files.isEmpty
            ? HubError(.notFound, "\(repository.name) is empty at \(revision)")
            : HubError(
                .notFound, "none of the \(listing.files.count) files of \(repository.name) is chosen",
                hint: "see --include and --exclude")
    }

    /// The name of a file's blob: its hash, as Hugging Face's library has it. A file whose hash the hub does not say has
    /// one of its own in every commit.
    private static func blobName(_ file: RemoteFile, _ commit: String) -> String {
        if let hash = file.hash { return hash.digits }
        let place = try? ContentHash.of(.gitBlob, Array("\(commit)/\(file.path)".utf8))
        return "unhashed-" + (place?.digits ?? "")
    }

    private func described(_ files: [RemoteFile], commit: String, _ client: HubClient) throws -> [RemoteFile] {
        let dialect = repository.hub.dialect
        return try files.map { file in
            file.size != nil && file.hash != nil
                ? file : try dialect.described(file, of: repository, commit: commit, client)
        }
    }

    private func checkSpace(for files: [RemoteFile], commit: String, in folder: RepositoryFolder) throws {
        var seen: Set<String> = []
        let missing = files.reduce(0) { sum, file in
            let blob = folder.blob(Self.blobName(file, commit))
            guard let size = file.size, seen.insert(blob).inserted else { return sum }
            if !again, FileSystem.size(of: blob) == size { return sum }
            return sum + size - (again ? 0 : min(size, FileSystem.size(of: blob + ".incomplete") ?? 0))
        }
        guard let available = FileSystem.availableBytes(at: folder.path), missing > available else { return }
        throw HubError.tooLarge(needed: missing, available: available, folder: folder.path)
    }

    private func download(
        _ files: [RemoteFile], commit: String, into folder: RepositoryFolder, _ access: HubAccess,
        _ progress: TransferProgress
    ) throws {
        // Files of one content share a blob.
        var blobs: Set<String> = []
        let wanted = files.filter { blobs.insert(Self.blobName($0, commit)).inserted }
        progress.update {
            $0.phase = .downloading
            $0.files = wanted.count
            $0.bytes = wanted.reduce(0) { $0 + ($1.size ?? 0) }
        }
        let dialect = repository.hub.dialect
        // The largest first, so that no thread is left with it at the end.
        let ordered = wanted.sorted { ($0.size ?? 0, $1.path) > ($1.size ?? 0, $0.path) }
        try ParallelWork.forEach(ordered, width: width, stop: access.cancellation.cancel) { [self] in
            let client = try access.client()
            return { file in
                progress.update { $0.file = file.path }
                try BlobDownload(
                    file: file, name: Self.blobName(file, commit),
                    request: dialect.download(
                        file, of: repository, revision: revision, commit: commit, client),
                    folder: folder, subject: HubSubject(repository, revision: revision, file: file.path),
                    progress: progress
                ).run(client, again: again)
                progress.update { $0.filesDone += 1 }
            }
        }
    }

    // MARK: - Without a network

    private func found(in folder: RepositoryFolder) throws -> Outcome {
        let variable = "HF_HUB_OFFLINE is on, so nothing is downloaded"
        let commit = HubCache.commit(ofReference: revision, in: folder.path) ?? revision
        guard FileSystem.isDirectory(folder.snapshot(commit)) else {
            throw HubError(
                .notFound, "\(repository.name) at \(revision) is not in \(cache.folder)", hint: variable)
        }
        // What others have downloaded may come without its listing; then nothing more can be said.
        let all = folder.keptListing(of: commit)?.files ?? []
        let files = all.filter { patterns.chooses($0.path) }
        guard folder.hasAll(files, commit: commit) else {
            throw HubError(
                .notFound, "\(folder.snapshot(commit)) lacks some of the files of \(repository.name)", hint: variable)
        }
        return outcome(files, commit, folder, transferred: 0)
    }
}
