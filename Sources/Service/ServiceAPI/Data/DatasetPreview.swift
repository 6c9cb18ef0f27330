package import JSONDocuments

package enum DatasetPreview: ServiceMethod {
    package static let name = "dataset.preview"
    package static let summary =
        "Prepares a run's data, tells what is remarkable, and writes its items to the descriptor sent with the request."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides,
        MethodParameter("split", "string", "train (default) or eval"),
        MethodParameter("format", "string", "jsonl (default): every item one a line; text: for people; none"),
        MethodParameter("row", "integer", "only this item, counted from 1"),
        MethodParameter("color", "boolean", "text: mark trained tokens by colour"),
        MethodParameter("columns", "integer", "text: width of the terminal"),
        MethodParameter("check_model", "boolean", "also tell whether the run finds what it is to train in its model"),
        workingDirectory,
        MethodParameter(
            "files", "array", "absolute paths of the descriptors before the one that is written to, see config.files"),
    ]

    package static var errors: [ErrorKind] { modelErrors }

    package enum Format: String, CaseIterable, Codable, Sendable {
        case jsonl, text, none
    }

    package struct Parameters: Codable, Sendable {
        package var config: ConfigurationSource
        package var overrides: [String]?
        package var split: String?
        package var format: Format?
        package var row: Int?
        package var color: Bool?
        package var columns: Int?
        package var checksModel: Bool?
        package var workingDirectory: String?
        package var files: [String]?

        package init(
            config: ConfigurationSource, overrides: [String]? = nil, split: String? = nil, format: Format? = nil,
            row: Int? = nil, color: Bool? = nil, columns: Int? = nil, checksModel: Bool? = nil,
            workingDirectory: String? = nil, files: [String]? = nil
        ) {
            self.config = config
            self.overrides = overrides
            self.split = split
            self.format = format
            self.row = row
            self.color = color
            self.columns = columns
            self.checksModel = checksModel
            self.workingDirectory = workingDirectory
            self.files = files
        }

        enum CodingKeys: String, CodingKey {
            case config, overrides, split, format, row, color, columns, files
            case checksModel = "check_model"
            case workingDirectory = "working_directory"
        }
    }

    /// Figures of the training or an evaluation part.
    package struct Part: Codable, Sendable {
        package var name: String
        package var rows: Int
        package var items: Int
        package var tokens: Int
        package var trainedTokens: Int
        package var fullyMasked: Int
        package var truncated: Int
        package var duplicates: Int
        package var dropped: Int
        /// Rows by their number of tokens: `{from, to, rows}`.
        package var lengths: [JSONObject]

        package init(
            name: String, rows: Int, items: Int, tokens: Int, trainedTokens: Int, fullyMasked: Int, truncated: Int,
            duplicates: Int, dropped: Int, lengths: [JSONObject]
        ) {
            self.name = name
            self.rows = rows
            self.items = items
            self.tokens = tokens
            self.trainedTokens = trainedTokens
            self.fullyMasked = fullyMasked
            self.truncated = truncated
            self.duplicates = duplicates
            self.dropped = dropped
            self.lengths = lengths
        }

        enum CodingKeys: String, CodingKey {
            case name, rows, items, tokens, truncated, duplicates, dropped, lengths
            case trainedTokens = "trained_tokens"
            case fullyMasked = "fully_masked"
        }
    }

    package struct Result: Codable, Sendable {
        /// Items of the split that was asked for.
        package var items: Int
        /// What was read, dropped or cut, for people.
        package var notes: [String]
        /// Those of the notes that deserve a look before training.
        package var warnings: [String]
        package var parts: [Part]

        package init(items: Int, notes: [String], warnings: [String], parts: [Part]) {
            self.items = items
            self.notes = notes
            self.warnings = warnings
            self.parts = parts
        }
    }
}
