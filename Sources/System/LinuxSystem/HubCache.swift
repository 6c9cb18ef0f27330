import Glibc

/// What was downloaded from Hugging Face's hub: a folder of repositories, each with its versions (snapshots).
///
/// https://huggingface.co/docs/huggingface_hub/guides/manage-cache
package struct HubCache: Hashable, Sendable {
    package enum Kind: String, Sendable { case models, datasets }

    package let folder: String

    /// - Parameter home: stands in for the variables, as `HF_HOME`
    package init(home: String? = nil) {
        if let home {
            folder = home + "/hub"
        } else if let cache = Self.variable("HF_HUB_CACHE") {
            folder = cache
        } else if let home = Self.variable("HF_HOME") {
            folder = home + "/hub"
        } else {
            folder = (Self.variable("HOME") ?? "/root") + "/.cache/huggingface/hub"
        }
    }

    /// Where a repository is if it was downloaded.
    ///
    /// - Parameter name: `owner/name`
    package func repository(_ kind: Kind, _ name: String) -> String {
        "\(folder)/\(kind.rawValue)--" + name.split(separator: "/").joined(separator: "--")
    }

    /// `refs/main` names the snapshot; without it the last one by name is taken.
    package static func snapshot(in repository: String) -> String? {
        if let reference = try? MappedFile.contents(of: repository + "/refs/main", limit: 200) {
            let name = String(decoding: reference, as: UTF8.self).filter { !$0.isWhitespace }
            let path = repository + "/snapshots/" + name
            if !name.isEmpty, FileSystem.isDirectory(path) { return path }
        }
        return (try? FileSystem.entries(of: repository + "/snapshots"))?.last.map { repository + "/snapshots/" + $0 }
    }

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : HomeFolder.expand($0) }
    }
}
