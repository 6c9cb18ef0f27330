package import JSONDocuments
package import LinuxSystem

/// One entry of dataset_info.json: where a dataset's rows are and what their columns mean.
package struct DatasetDescription: Hashable, Sendable {
    package enum Formatting: String, Hashable, Sendable, CaseIterable {
        case alpaca
        case sharegpt
        case openai
    }

    package var name: String
    package enum Source: Hashable, Sendable {
        /// File or folder, relative to `dataset_dir`.
        case file(String)
        case hub(HubDataset)
    }

    package var source: Source
    package var formatting: Formatting = .alpaca
    package var ranking = false
    package var split = "train"
    package var sampleCount: Int?
    package var columns = Columns()
    package var tags = Tags()
    /// Fields that nobody reads; a misspelled one among them explains what goes wrong later.
    package var unknownFields: [String] = []

    package init(name: String, fileName: String) {
        self.init(name: name, source: .file(fileName))
    }

    package init(name: String, source: Source) {
        self.name = name
        self.source = source
    }

    /// The part of the dataset that is taken.
    func splitExpression() throws -> SplitExpression {
        if case .hub = source { return try SplitExpression(ofHub: split, dataset: name) }
        return try SplitExpression(split, dataset: name)
    }

    /// Names of the columns that hold a row's parts; nil where the dataset has no such part.
    package struct Columns: Hashable, Sendable {
        package var prompt: String? = "instruction"
        package var query: String? = "input"
        package var response: String? = "output"
        package var history: String?
        package var messages: String? = "conversations"
        package var system: String?
        package var tools: String?
        package var images: String?
        package var videos: String?
        package var audios: String?
        package var chosen: String?
        package var rejected: String?
        package var preferenceTag: String?
    }

    /// The words by which messages name their parts and speakers.
    package struct Tags: Hashable, Sendable {
        package var role: String? = "from"
        package var content: String? = "value"
        package var user: String? = "human"
        package var assistant: String? = "gpt"
        package var observation: String? = "observation"
        package var function: String? = "function_call"
        package var system: String? = "system"
    }
}

// MARK: - Reading

extension DatasetDescription {
    /// Fields that act, and some that are known to be mere remarks.
    private static let knownFields: Set<String> = [
        "file_name", "hf_hub_url", "formatting", "ranking", "split", "num_samples", "columns", "tags", "subset",
        "folder",
        "file_sha1", "ms_hub_url", "om_hub_url",
    ]
    private static let knownColumns: Set<String> = [
        "prompt", "query", "response", "history", "messages", "system", "tools", "images", "videos", "audios",
        "chosen", "rejected", "kto_tag",
    ]
    private static let knownTags: Set<String> = [
        "role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag",
    ]

    /// Reads the entry `name`; unknown fields are kept as such and change nothing.
    ///
    /// A `columns` or `tags` block replaces all defaults: what it does not list is absent.
    ///
    /// - Parameter environment: says which hub is taken when several are named
    package init(name: String, entry: JSONValue, environment: EnvironmentVariables = .ofProcess) throws {
        guard let fields = entry.object else {
            throw DataError.badDescription(dataset: name, field: name, expected: "an object", found: entry.kindName)
        }
        let reader = FieldReader(dataset: name, fields: fields, prefix: "")
        var names: [Hub: String] = [:]
        for hub in Hub.allCases { names[hub] = try reader.text(hub.datasetField) }
        if let hub = Hub.ofDataset(named: Set(names.keys), environment), let name = names[hub] {
            let dataset = HubDataset(
                name: name, subset: try reader.text("subset"), folder: try reader.text("folder"), hub: hub)
            self.init(name: reader.dataset, source: .hub(dataset))
        } else {
            try Self.refuseOtherSources(of: reader)
            guard let fileName = try reader.text("file_name") else { throw DataError.noSource(dataset: name) }
            self.init(name: name, fileName: fileName)
        }
        formatting = try Self.formatting(from: reader)
        ranking = try reader.flag("ranking") ?? false
        split = try reader.text("split") ?? "train"
        sampleCount = try reader.count("num_samples")
        unknownFields = reader.unknownFields(beside: Self.knownFields)
        if let columns = try reader.object("columns") {
            self.columns = try Columns(columns)
            unknownFields += columns.unknownFields(beside: Self.knownColumns)
        }
        if let tags = try reader.object("tags") {
            self.tags = try Tags(tags)
            unknownFields += tags.unknownFields(beside: Self.knownTags)
        }
    }

    private static func refuseOtherSources(of reader: FieldReader) throws {
        let instead = "download it and describe the file with `file_name`"
        if reader.fields.contains("script_url") {
            throw DataError.notAvailable(
                what: "the dataset `\(reader.dataset)` is made by a script (`script_url`)",
                instead: "run the script, write its rows to a file and describe that with `file_name`")
        }
        if reader.fields.contains("cloud_file_name") {
            throw DataError.notAvailable(
                what: "the dataset `\(reader.dataset)` is in a cloud store (`cloud_file_name`)", instead: instead)
        }
    }

    private static func formatting(from reader: FieldReader) throws -> Formatting {
        guard let word = try reader.text("formatting") else { return .alpaca }
        if let formatting = Formatting(rawValue: word) { return formatting }
        throw DataError.badDescription(
            dataset: reader.dataset, field: "formatting", expected: "`alpaca`, `sharegpt` or `openai`",
            found: "`\(word)`")
    }
}

extension DatasetDescription.Columns {
    fileprivate init(_ reader: FieldReader) throws {
        prompt = try reader.text("prompt")
        query = try reader.text("query")
        response = try reader.text("response")
        history = try reader.text("history")
        messages = try reader.text("messages")
        system = try reader.text("system")
        tools = try reader.text("tools")
        images = try reader.text("images")
        videos = try reader.text("videos")
        audios = try reader.text("audios")
        chosen = try reader.text("chosen")
        rejected = try reader.text("rejected")
        preferenceTag = try reader.text("kto_tag")
    }
}

extension DatasetDescription.Tags {
    fileprivate init(_ reader: FieldReader) throws {
        role = try reader.text("role_tag")
        content = try reader.text("content_tag")
        user = try reader.text("user_tag")
        assistant = try reader.text("assistant_tag")
        observation = try reader.text("observation_tag")
        function = try reader.text("function_tag")
        system = try reader.text("system_tag")
    }
}

/// Typed access to the fields of an entry; null counts as absent.
private struct FieldReader {
    let dataset: String
    let fields: JSONObject
    let prefix: String

    func text(_ field: String) throws -> String? {
        guard let value = present(field) else { return nil }
        return try value.string ?? mismatch(field, "a text", value)
    }

    func flag(_ field: String) throws -> Bool? {
        guard let value = present(field) else { return nil }
        return try value.bool ?? mismatch(field, "true or false", value)
    }

    func count(_ field: String) throws -> Int? {
        guard let value = present(field) else { return nil }
        if case .integer(let count) = value, count > 0 { return Int(count) }
        return try mismatch(field, "an integer above zero", value)
    }

    func object(_ field: String) throws -> FieldReader? {
        guard let value = present(field) else { return nil }
        guard let object = value.object else { return try mismatch(field, "an object", value) }
        return FieldReader(dataset: dataset, fields: object, prefix: "\(field).")
    }

    func unknownFields(beside known: Set<String>) -> [String] {
        fields.keys.filter { !known.contains($0) }.map { prefix + $0 }
    }

    private func present(_ field: String) -> JSONValue? {
        fields[field].flatMap { $0.isNull ? nil : $0 }
    }

    private func mismatch<Value>(_ field: String, _ expected: String, _ value: JSONValue) throws -> Value {
        throw DataError.badDescription(
            dataset: dataset, field: prefix + field, expected: expected, found: value.serialized(.compact))
    }
}
