import JSONDocuments
import LinuxSystem

/// What a commit consists of, kept beside its snapshot under the name and in the form of Hugging Face's library. A
/// commit never changes, so the hub is not asked again, and a snapshot is known to be whole without a network.
extension RepositoryFolder {
    private func listingPath(_ commit: String) -> String { "\(path)/trees/\(commit).json" }

    private static let version: Int64 = 1
    private static let largestListing = 256 << 20

    /// Keeps a listing that has every size and hash; others would say too little.
    func keep(_ listing: RemoteListing, _ cancellation: Cancellation) throws {
        var files = JSONObject()
        for file in listing.files {
            guard let size = file.size, let hash = file.hash else { return }
            var entry: JSONObject = ["size": .integer(Int64(size)), "blob_id": .string(file.gitName ?? hash.digits)]
            if hash.algorithm == .sha256 {
                entry["lfs_sha256"] = .string(hash.digits)
                entry["lfs_size"] = .integer(Int64(size))
            }
            files[file.path] = .object(entry)
        }
        let value: JSONValue = ["format_version": .integer(Self.version), "files": .object(files)]
        try write(value.serializedBytes(.compact), to: listingPath(listing.commit), cancellation)
    }

    func keptListing(of commit: String) -> RemoteListing? {
        guard let bytes = try? MappedFile.contents(of: listingPath(commit), limit: Self.largestListing),
            let value = try? JSONValue(
                parsing: bytes, limits: JSONLimits(maximumBytes: Self.largestListing, maximumDepth: 8)),
            value["format_version"]?.integer == Self.version, let entries = value["files"]?.object
        else { return nil }
        let files = entries.map { entry -> RemoteFile? in
            let large = entry.value["lfs_sha256"]?.string
            var file = try? RemoteFile(
                path: entry.key, size: (entry.value["lfs_size"] ?? entry.value["size"])?.integer.map { Int($0) },
                hash: (large ?? entry.value["blob_id"]?.string).flatMap { ContentHash($0) })
            file?.gitName = entry.value["blob_id"]?.string
            return file
        }
        let known = files.compactMap(\.self)
        return known.count == files.count ? RemoteListing(commit: commit, files: known) : nil
    }
}
