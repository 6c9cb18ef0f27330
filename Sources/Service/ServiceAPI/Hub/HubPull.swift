/// Asks `finetuned-fetch` to download a repository; no method of the daemon, which has no network.
package enum HubPull {
    package static let name = "hub.pull"

    package struct Parameters: Codable, Sendable {
        /// `huggingface`, `modelscope` or `modelers`.
        package var hub: String
        /// `model` or `dataset`.
        package var content: String
        /// `owner/name`
        package var name: String
        package var revision: String?
        /// Absolute; the service keeps to its own.
        package var cacheFolder: String?
        package var include: [String]?
        package var exclude: [String]?
        package var force: Bool?
        /// Nil for the one that the program finds in its environment.
        package var token: String?

        package init(hub: String, content: String, name: String) {
            self.hub = hub
            self.content = content
            self.name = name
        }

        enum CodingKeys: String, CodingKey {
            case hub, content, name, revision, include, exclude, force, token
            case cacheFolder = "cache_dir"
        }
    }

    package struct Result: Codable, Sendable {
        /// The snapshot's folder.
        package var folder: String
        package var commit: String
        package var files: Int
        package var bytes: Int
        /// That came over the network.
        package var transferredBytes: Int

        package init(folder: String, commit: String, files: Int, bytes: Int, transferredBytes: Int) {
            self.folder = folder
            self.commit = commit
            self.files = files
            self.bytes = bytes
            self.transferredBytes = transferredBytes
        }

        enum CodingKeys: String, CodingKey {
            case folder, commit, files, bytes
            case transferredBytes = "transferred_bytes"
        }
    }
}

/// How far a transfer is: the `value` of `$/progress`.
package struct HubProgress: Codable, Equatable, Sendable {
    /// `listing`, `hashing`, `downloading`, `uploading` or `committing`.
    package var phase: String
    package var files: Int
    package var filesDone: Int
    package var bytes: Int
    package var bytesDone: Int
    package var file: String?

    package init(phase: String, files: Int, filesDone: Int, bytes: Int, bytesDone: Int, file: String?) {
        self.phase = phase
        self.files = files
        self.filesDone = filesDone
        self.bytes = bytes
        self.bytesDone = bytesDone
        self.file = file
    }

    enum CodingKeys: String, CodingKey {
        case phase, files, bytes, file
        case filesDone = "files_done"
        case bytesDone = "bytes_done"
    }
}
