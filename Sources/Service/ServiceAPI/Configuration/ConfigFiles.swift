/// What a client has to open for a service that runs under another user.
package enum ConfigFiles: ServiceMethod {
    package static let name = "config.files"
    package static let summary =
        "Regular files that a run needs and the service may not read; pass their descriptors, here and to job.submit."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides, workingDirectory,
        MethodParameter(
            "files", "array", "absolute paths of the descriptors that come with this request, in their order"),
        MethodParameter("input", "string", "the JSON Lines file of a generate job"),
    ]

    package static let errors: [ErrorKind] = [.badConfig]

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var workingDirectory: String?
        package var files: [String]?
        package var input: String?

        package init(
            config: ConfigurationSource, overrides: [String]? = nil, workingDirectory: String? = nil,
            files: [String]? = nil, input: String? = nil
        ) {
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.files = files
            self.input = input
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, files, input
            case workingDirectory = "working_directory"
        }
    }

    package struct File: Codable, Equatable, Sendable {
        package var path: String
        /// Whether the run can do without it.
        package var isOptional: Bool

        package init(path: String, isOptional: Bool) {
            self.path = path
            self.isOptional = isOptional
        }

        enum CodingKeys: String, CodingKey {
            case path
            case isOptional = "optional"
        }
    }

    package struct Result: Codable, Sendable {
        /// Without those that were passed. Reading one may show that more are needed: ask until nothing new comes.
        package var needed: [File]
        /// The user that the service runs as, for messages.
        package var service: String

        package init(needed: [File], service: String) {
            self.needed = needed
            self.service = service
        }
    }
}
