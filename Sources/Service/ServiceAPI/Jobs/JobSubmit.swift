package enum JobSubmit: ServiceMethod {
    package static let name = "job.submit"
    package static let summary = "Puts a run into the queue. The answer comes after it is stored durably."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides, workingDirectory,
        MethodParameter("client_token", "string", "the same token gives the same job instead of a second one"),
        MethodParameter("priority", "integer", "higher runs earlier, 0 by default"),
        MethodParameter(
            "files", "array", "absolute paths of the descriptors that come with this request, see config.files"),
        MethodParameter("after", "array", "ids of jobs that must succeed before this one starts"),
        MethodParameter(
            "kind", "string", "train, evaluate, export or generate; by default what the configuration asks for"),
        MethodParameter("input", "string", "the JSON Lines file of a generate job"),
    ]

    package static let errors: [ErrorKind] = [.badConfig, .conflict, .diskFull, .notAvailable, .notFound, .permission]

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var workingDirectory: String?
        package var clientToken: String?
        package var priority: Int?
        package var after: [String]?
        package var files: [String]?
        package var kind: String?
        package var input: String?

        package init(
            config: ConfigurationSource, overrides: [String]? = nil, workingDirectory: String? = nil,
            clientToken: String? = nil, priority: Int? = nil, after: [String]? = nil, kind: String? = nil,
            input: String? = nil, files: [String]? = nil
        ) {
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.clientToken = clientToken
            self.priority = priority
            self.after = after
            self.kind = kind
            self.input = input
            self.files = files
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, priority, after, kind, input, files
            case workingDirectory = "working_directory"
            case clientToken = "client_token"
        }
    }

    package typealias Result = Job
}
