/// What was downloaded from a hub: a folder of repositories, each with its versions (snapshots), as Hugging Face's
/// library lays it out.
///
/// https://huggingface.co/docs/huggingface_hub/guides/manage-cache
package struct HubCache: Hashable, Sendable {
    package let hub: Hub
    package let folder: String

    /// - Parameter cacheFolder: `cache_dir`; the hubs other than Hugging Face's have folders of their own in it
    package init(
        _ hub: Hub = .huggingFace, cacheFolder: String? = nil, environment: EnvironmentVariables = .ofProcess
    ) {
        self.hub = hub
        if let cacheFolder {
            folder = hub == .huggingFace ? cacheFolder : "\(cacheFolder)/\(hub.rawValue)"
        } else {
            folder = Self.standardFolder(of: hub, environment)
        }
    }

    private static func standardFolder(of hub: Hub, _ environment: EnvironmentVariables) -> String {
        switch hub {
        case .huggingFace:
            environment.path("HF_HUB_CACHE") ?? environment.path("HUGGINGFACE_HUB_CACHE")
                ?? (environment.path("HF_HOME") ?? environment.cacheFolder + "/huggingface") + "/hub"
        case .modelScope: environment.path("MODELSCOPE_CACHE") ?? environment.cacheFolder + "/modelscope"
        case .modelers: environment.cacheFolder + "/openmind/hub"
        }
    }

    /// Where a repository is if it was downloaded.
    ///
    /// - Parameter name: `owner/name`
    package func repository(_ content: Hub.Content, _ name: String) -> String {
        "\(folder)/" + ([content.plural] + name.split(separator: "/").map(String.init)).joined(separator: "--")
    }

    /// The folder of a version that was downloaded: a commit, or what `refs` has for the name of a branch or tag.
    ///
    /// Of the main branch the last commit by name is taken where `refs` says nothing.
    package func snapshot(of content: Hub.Content, _ name: String, revision: String? = nil) -> String? {
        let repository = repository(content, name)
        let revision = hub.revision(revision)
        guard !revision.split(separator: "/", omittingEmptySubsequences: false).contains(where: Self.leadsElsewhere)
        else { return nil }
        if let commit = Self.commit(ofReference: revision, in: repository) {
            let path = repository + "/snapshots/" + commit
            if FileSystem.isDirectory(path) { return path }
        }
        if !revision.contains("/"), FileSystem.isDirectory(repository + "/snapshots/" + revision) {
            return repository + "/snapshots/" + revision
        }
        guard revision == hub.mainBranch else { return nil }
        let commits = (try? FileSystem.entries(of: repository + "/snapshots")) ?? []
        return commits.last { !$0.hasPrefix(".") }.map { repository + "/snapshots/" + $0 }
    }

    /// The commit that a branch or tag had when it was downloaded.
    package static func commit(ofReference revision: String, in repository: String) -> String? {
        guard let bytes = try? MappedFile.contents(of: "\(repository)/refs/\(revision)", limit: 200) else { return nil }
        let commit = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return commit.isEmpty || leadsElsewhere(commit[...]) || commit.contains("/") ? nil : commit
    }

    private static func leadsElsewhere(_ part: Substring) -> Bool { part.isEmpty || part == "." || part == ".." }
}

/// Where names of repositories are looked for: the cache of the hub that is chosen, then those of the others.
package struct HubLookup: Sendable {
    /// `cache_dir` as an absolute path; nil for the places that the variables name.
    package var cacheFolder: String?
    /// `model_revision`; nil for the main branch.
    package var revision: String?
    package var environment: EnvironmentVariables

    package init(
        cacheFolder: String? = nil, revision: String? = nil, environment: EnvironmentVariables = .ofProcess
    ) {
        self.cacheFolder = cacheFolder
        self.revision = revision
        self.environment = environment
    }

    package func cache(of hub: Hub) -> HubCache {
        HubCache(hub, cacheFolder: cacheFolder, environment: environment)
    }

    /// All caches, in the order in which they are looked into.
    package var caches: [HubCache] {
        let chosen = Hub.chosen(environment)
        return ([chosen] + Hub.allCases.filter { $0 != chosen }).map(cache(of:))
    }

    /// The `tunectl pull` that puts a repository where it is looked for.
    package func command(for content: Hub.Content, _ name: String, on hub: Hub) -> String {
        var words = ["tunectl", "pull", name]
        if content == .dataset { words.append("--dataset") }
        if hub != Hub.chosen(environment) { words.append("--hub \(hub.rawValue)") }
        if content == .model, let revision, hub.revision(revision) != hub.mainBranch {
            words.append("--revision \(revision)")
        }
        if let cacheFolder { words.append("--cache-dir \(cacheFolder)") }
        return words.joined(separator: " ")
    }
}
