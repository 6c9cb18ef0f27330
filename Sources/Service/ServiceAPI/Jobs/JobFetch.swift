/// The files that a job has left in its output folder.
package enum JobFiles: ServiceMethod {
    package static let name = "job.files"
    package static let summary = "The files below a job's output folder, with their sizes; links are left out."
    package static let parameters = [MethodParameter("job", "string", required: true, "the job's id")]
    package static let errors: [ErrorKind] = [.notFound, .permission]
    package typealias Parameters = JobReference

    package struct File: Codable, Equatable, Sendable {
        /// Relative to the output folder.
        package var name: String
        package var size: Int

        package init(name: String, size: Int) {
            self.name = name
            self.size = size
        }
    }

    package struct Result: Codable, Sendable {
        package var files: [File]

        package init(files: [File]) { self.files = files }
    }
}

/// A piece of one of them.
package enum JobFetch: ServiceMethod {
    package static let name = "job.fetch"
    package static let summary = "A piece of a file below a job's output folder, in base64."
    package static let parameters = [
        MethodParameter("job", "string", required: true, "the job's id"),
        MethodParameter("file", "string", required: true, "its name as job.files has it"),
        MethodParameter("offset", "integer", "where to start, 0 by default"),
        MethodParameter("limit", "integer", "at most so many bytes; 4194304 by default and at most"),
    ]
    package static let errors: [ErrorKind] = [.notFound, .permission]
    package static let mostBytes = 4 << 20

    package struct Parameters: Codable, JobAddressing, Sendable {
        package var job: String
        package var file: String
        package var offset: Int?
        package var limit: Int?

        package init(job: String, file: String, offset: Int? = nil, limit: Int? = nil) {
            self.job = job
            self.file = file
            self.offset = offset
            self.limit = limit
        }
    }

    package struct Result: Codable, Sendable {
        /// Base64 with padding.
        package var data: String
        /// XXH3-128 of the piece.
        package var hash: String
        /// Of the whole file.
        package var size: Int
        /// Changes when the file does, so that pieces of two versions are not put together.
        package var version: String

        package init(data: String, hash: String, size: Int, version: String) {
            self.data = data
            self.hash = hash
            self.size = size
            self.version = version
        }
    }
}
