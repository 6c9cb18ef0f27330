package enum DatasetPreview: ServiceMethod {
    package static let name = "dataset.preview"
    package static let summary =
        "Writes every item that a run would train on, one JSON line each, to the descriptor sent with the request."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides,
        MethodParameter("split", "string", "train (default) or eval"), workingDirectory,
    ]

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var split: String?
        package var workingDirectory: String?

        package init(
            config: ConfigurationSource, overrides: [String]? = nil, split: String? = nil,
            workingDirectory: String? = nil
        ) {
            self.config = config
            self.overrides = overrides
            self.split = split
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, split
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        package var items: Int
        /// What was dropped or cut, for people.
        package var notes: [String]

        package init(items: Int, notes: [String]) {
            self.items = items
            self.notes = notes
        }
    }
}
