package import JSONDocuments

package enum ConfigValidate: ServiceMethod {
    package static let name = "config.validate"
    package static let summary = "Checks a run configuration as job.submit would, without submitting it."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides, workingDirectory,
    ]

    package static let errors: [ErrorKind] = [.badConfig, .notAvailable]

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var workingDirectory: String?

        package init(config: ConfigurationSource, overrides: [String]? = nil, workingDirectory: String? = nil) {
            self.config = config
            self.overrides = overrides
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        /// What was accepted without an effect here, one line each.
        package var notes: [String]
        /// Every parameter with the value that the run would use.
        package var values: JSONObject

        package init(notes: [String], values: JSONObject) {
            self.notes = notes
            self.values = values
        }
    }
}

package enum ConfigSchema: ServiceMethod {
    package static let name = "config.schema"
    package static let summary = "The JSON Schema of a run configuration."
    package static let parameters: [MethodParameter] = []
    package typealias Parameters = Nothing
    package typealias Result = JSONObject
}
