package enum JobFork: ServiceMethod {
    package static let name = "job.fork"
    package static let summary = "Submits a new job that starts from another one's checkpoint with changed parameters."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job whose configuration and checkpoint are taken"),
        MethodParameter("at", "integer", "the checkpoint's step, by default the newest"), overrides,
        MethodParameter("client_token", "string", "the same token gives the same job instead of a second one"),
        MethodParameter("priority", "integer", "higher runs earlier, by default that of the other job"),
    ]
    package static let errors: [ErrorKind] = [.badConfig, .conflict, .diskFull, .notAvailable, .notFound]

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var at: Int?
        package var overrides: [String]?
        package var clientToken: String?
        package var priority: Int?

        package init(
            job: String, at: Int? = nil, overrides: [String]? = nil, clientToken: String? = nil, priority: Int? = nil
        ) {
            self.job = job
            self.at = at
            self.overrides = overrides
            self.clientToken = clientToken
            self.priority = priority
        }

        enum CodingKeys: String, CodingKey {
            case job, at, overrides, priority
            case clientToken = "client_token"
        }
    }

    package typealias Result = Job
}
