/// A place on the internet that keeps models and datasets, with the variables by which its own tools are told.
package enum Hub: String, CaseIterable, Codable, Sendable {
    case huggingFace = "huggingface"
    case modelScope = "modelscope"
    case modelers

    /// What a repository holds.
    package enum Content: String, Codable, Sendable {
        case model, dataset

        /// As addresses and folders have it.
        package var plural: String { rawValue + "s" }
    }

    package var title: String {
        switch self {
        case .huggingFace: "Hugging Face"
        case .modelScope: "ModelScope"
        case .modelers: "Modelers"
        }
    }

    /// The branch that is meant when none is named.
    package var mainBranch: String { self == .modelScope ? "master" : "main" }

    /// `main`, the standard of `model_revision`, stands for every hub's own main branch.
    package func revision(_ wanted: String?) -> String {
        wanted.flatMap { $0 == "main" ? nil : $0 } ?? mainBranch
    }

    /// Where the hub is, or a mirror of it, without a slash at the end.
    package func endpoint(_ environment: EnvironmentVariables) -> String {
        let address =
            switch self {
            case .huggingFace: environment["HF_ENDPOINT"] ?? "https://huggingface.co"
            case .modelScope:
                environment["MODELSCOPE_ENDPOINT"] ?? environment["MODELSCOPE_DOMAIN"].map { "https://" + $0 }
                    ?? "https://www.modelscope.cn"
            case .modelers: environment["OPENMIND_HUB_ENDPOINT"] ?? "https://modelers.cn"
            }
        return String(address.reversed().drop { $0 == "/" }.reversed())
    }

    /// The parameter of a run that holds the access token.
    package var tokenParameter: String {
        switch self {
        case .huggingFace: "hf_hub_token"
        case .modelScope: "ms_hub_token"
        case .modelers: "om_hub_token"
        }
    }

    /// The field of a dataset's description that names its repository here.
    package var datasetField: String {
        switch self {
        case .huggingFace: "hf_hub_url"
        case .modelScope: "ms_hub_url"
        case .modelers: "om_hub_url"
        }
    }

    /// Variables that hold an access token, the first that is set counts.
    package var tokenVariables: [String] {
        switch self {
        case .huggingFace: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]
        case .modelScope: ["MODELSCOPE_API_TOKEN"]
        case .modelers: ["OPENMIND_HUB_TOKEN", "OM_TOKEN"]
        }
    }

    private var choosingVariable: String? {
        switch self {
        case .huggingFace: nil
        case .modelScope: "USE_MODELSCOPE_HUB"
        case .modelers: "USE_OPENMIND_HUB"
        }
    }

    private func isChosen(_ environment: EnvironmentVariables) -> Bool {
        choosingVariable.map(environment.isOn) ?? false
    }

    /// The hub that names are of: Hugging Face's, unless `USE_MODELSCOPE_HUB` or `USE_OPENMIND_HUB` is on.
    package static func chosen(_ environment: EnvironmentVariables) -> Hub {
        allCases.first { $0.isChosen(environment) } ?? .huggingFace
    }

    /// The hub that a dataset is taken from when its description names it on several.
    ///
    /// - Parameter named: the hubs that the description names
    package static func ofDataset(named: Set<Hub>, _ environment: EnvironmentVariables) -> Hub? {
        for hub in [Hub.modelScope, .modelers] where named.contains(hub) {
            if hub.isChosen(environment) || !named.contains(.huggingFace) { return hub }
        }
        return named.contains(.huggingFace) ? .huggingFace : nil
    }

    /// Whether nothing may be asked of a hub.
    package static func isOffline(_ environment: EnvironmentVariables) -> Bool {
        environment.isOn("HF_HUB_OFFLINE") || environment.isOn("TRANSFORMERS_OFFLINE")
    }

    /// Whether `name` is `owner/name`, or a bare name, of the characters that hubs allow.
    package static func isRepositoryName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && name.utf8.count <= 192
            && parts.allSatisfy { part in
                part.first.map { $0 != "." && $0 != "-" } ?? false && part.utf8.allSatisfy(isNameByte)
            }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
}
