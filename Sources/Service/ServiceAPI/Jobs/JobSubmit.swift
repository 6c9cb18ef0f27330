package enum JobSubmit: ServiceMethod {
    package static let name = "job.submit"
    package static let summary = "Puts a run into the queue. The answer comes after it is stored durably."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides, workingDirectory,
        MethodParameter("client_token", "string", "the same token gives the same job instead of a second one"),
        MethodParameter("priority", "integer", "higher runs earlier, 0 by default"),
        MethodParameter("after", "array", "ids of jobs to wait for; not available yet"),
    ]

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var workingDirectory: String?
        package var clientToken: String?
        package var priority: Int?
        package var after: [String]?

        package init(
            config: ConfigurationSource, overrides: [String]? = nil, workingDirectory: String? = nil,
            clientToken: String? = nil, priority: Int? = nil
        ) {
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.clientToken = clientToken
            self.priority = priority
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, priority, after
            case workingDirectory = "working_directory"
            case clientToken = "client_token"
        }
    }

    package typealias Result = Job
}
