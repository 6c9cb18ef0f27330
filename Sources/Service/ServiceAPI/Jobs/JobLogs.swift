package enum JobLogs: ServiceMethod {
    package static let name = "job.logs"
    package static let summary = "The worker's log, from a byte offset."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job's id"),
        MethodParameter("offset", "integer", "where to start, 0 by default"),
        MethodParameter("limit", "integer", "at most so many bytes, 65536 by default"),
    ]

    package static let errors: [ErrorKind] = [.notFound]

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var offset: Int?
        package var limit: Int?

        package init(job: String, offset: Int? = nil, limit: Int? = nil) {
            self.job = job
            self.offset = offset
            self.limit = limit
        }
    }

    package struct Result: Codable, Sendable {
        package var text: String
        /// Where the next call continues.
        package var nextOffset: Int
        /// Whether the job has ended and nothing follows.
        package var isComplete: Bool

        package init(text: String, nextOffset: Int, isComplete: Bool) {
            self.text = text
            self.nextOffset = nextOffset
            self.isComplete = isComplete
        }

        enum CodingKeys: String, CodingKey {
            case text
            case nextOffset = "next_offset"
            case isComplete = "complete"
        }
    }
}
