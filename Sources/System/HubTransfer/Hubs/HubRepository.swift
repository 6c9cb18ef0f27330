package import LinuxSystem

/// A repository on a hub.
package struct HubRepository: Hashable, Sendable {
    package let hub: Hub
    package let content: Hub.Content
    /// `owner/name`; few old ones have no owner.
    package let name: String

    package init(_ hub: Hub, _ content: Hub.Content, _ name: String) throws {
        guard Hub.isRepositoryName(name) else {
            throw HubError(.badRequest, "`\(name)` is no name of a repository", hint: "expected owner/name")
        }
        self.hub = hub
        self.content = content
        self.name = name
    }
}

/// A file of a repository as its hub describes it.
package struct RemoteFile: Equatable, Sendable {
    /// Within the repository; checked to lead nowhere else.
    package let path: String
    /// In bytes; nil when the hub does not say.
    package var size: Int?
    /// nil when the hub does not say.
    package var hash: ContentHash?
    /// What git calls it, which for a large file is the name of a pointer to it.
    var gitName: String?

    /// - Throws: `HubError` for a path that is none within a repository
    package init(path: String, size: Int? = nil, hash: ContentHash? = nil) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isWithin =
            parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
            && path.utf8.count <= 2048 && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        guard isWithin, size ?? 0 >= 0 else {
            throw HubError(.network, "the hub lists a file whose path leads elsewhere: \(path.prefix(100))")
        }
        self.path = path
        self.size = size
        self.hash = hash
    }
}

/// What a revision of a repository consists of.
package struct RemoteListing: Equatable, Sendable {
    /// The name of the snapshot.
    package let commit: String
    package let files: [RemoteFile]

    /// A repository with more files is refused.
    static let mostFiles = 1_000_000
}

/// What every hub can do, each in its own words.
protocol HubDialect: Sendable {
    /// The commit that a revision is, and its files.
    func listing(of repository: HubRepository, revision: String, _ client: HubClient) throws -> RemoteListing

    /// A request for a file's bytes.
    func download(
        _ file: RemoteFile, of repository: HubRepository, revision: String, commit: String, _ client: HubClient
    )
        -> HTTPRequest

    /// Asks for the size and hash of a file that the listing lacks.
    func described(
        _ file: RemoteFile, of repository: HubRepository, commit: String, _ client: HubClient
    ) throws -> RemoteFile

    /// The name of the account that the token belongs to.
    func account(_ client: HubClient) throws -> String

    /// Makes a repository where there is none.
    func create(_ repository: HubRepository, isPrivate: Bool, _ client: HubClient) throws

    /// Says which files are too large for a commit.
    func largeFiles(
        among files: [LocalFile], in repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> Set<String>

    /// Asks where large files are to be put; those that the hub has already are left out.
    func uploads(
        of files: [LocalFile], to repository: HubRepository, revision: String, _ client: HubClient
    ) throws -> [(file: LocalFile, steps: UploadSteps)]

    /// Puts files into a repository in one step.
    ///
    /// - Parameters:
    ///   - large: were put where `uploads` said
    /// - Returns: the commit's name, if the hub tells it
    func commit(
        _ small: [LocalFile], large: [LocalFile], message: String, to repository: HubRepository, revision: String,
        _ client: HubClient
    ) throws -> String?
}

extension HubDialect {
    func described(
        _ file: RemoteFile, of repository: HubRepository, commit: String, _ client: HubClient
    ) throws -> RemoteFile { file }
}

extension Hub {
    var dialect: any HubDialect {
        switch self {
        case .huggingFace: HuggingFaceDialect()
        case .modelScope: ModelScopeDialect()
        case .modelers: ModelersDialect()
        }
    }
}
