/// Asks `finetuned-fetch` to upload a folder; only one that the caller has started itself does so.
package enum HubPush {
    package static let name = "hub.push"

    package struct Parameters: Codable, Sendable {
        package var hub: String
        package var content: String
        /// `owner/name`; a bare name goes to the owner of the token.
        package var name: String
        /// Absolute.
        package var folder: String
        package var revision: String?
        package var message: String?
        package var isPrivate: Bool?
        package var include: [String]?
        package var exclude: [String]?
        package var token: String?

        package init(hub: String, content: String, name: String, folder: String) {
            self.hub = hub
            self.content = content
            self.name = name
            self.folder = folder
        }

        enum CodingKeys: String, CodingKey {
            case hub, content, name, folder, revision, message, include, exclude, token
            case isPrivate = "private"
        }
    }

    package struct Result: Codable, Sendable {
        /// `owner/name`
        package var repository: String
        package var address: String
        /// Nil when nothing had to be changed.
        package var commit: String?
        package var files: Int
        package var changedFiles: Int
        package var transferredBytes: Int

        package init(
            repository: String, address: String, commit: String?, files: Int, changedFiles: Int, transferredBytes: Int
        ) {
            self.repository = repository
            self.address = address
            self.commit = commit
            self.files = files
            self.changedFiles = changedFiles
            self.transferredBytes = transferredBytes
        }

        enum CodingKeys: String, CodingKey {
            case repository, address, commit, files
            case changedFiles = "changed_files"
            case transferredBytes = "transferred_bytes"
        }
    }
}
