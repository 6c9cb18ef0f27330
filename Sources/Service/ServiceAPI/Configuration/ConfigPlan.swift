package enum ConfigPlan: ServiceMethod {
    package static let name = "config.plan"
    package static let summary = "What a run will hold in memory and how long it takes, without starting it."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides, workingDirectory,
        MethodParameter(
            "files", "array", "absolute paths of the descriptors that come with this request, see config.files"),
    ]
    package static let errors: [ErrorKind] = [
        .badConfig, .badData, .badModel, .notAvailable, .notFound, .permission, .workerCrashed,
    ]

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var workingDirectory: String?
        package var files: [String]?

        package init(
            config: ConfigurationSource, overrides: [String]? = nil, workingDirectory: String? = nil,
            files: [String]? = nil
        ) {
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.files = files
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, files
            case workingDirectory = "working_directory"
        }
    }

    package typealias Result = MemoryPlan
}
