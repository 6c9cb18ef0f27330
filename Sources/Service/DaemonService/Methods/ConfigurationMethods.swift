import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI

func validateConfiguration(_ call: MethodCall<ConfigValidate>) throws -> ConfigValidate.Result {
    let configuration = try readConfiguration(call.parameters.config, overrides: call.parameters.overrides ?? [])
    return ConfigValidate.Result(
        notes: configuration.notes, values: JSONValue(configuration.effectiveValues).object ?? [:])
}

func describeConfiguration(_ call: MethodCall<ConfigSchema>) throws -> JSONObject {
    JSONValue(Parameters.schema).object ?? [:]
}

/// Parses and validates a configuration; what is wrong becomes `bad_config` with its place.
///
/// - Parameter purpose: nil for what the configuration itself asks for
func readConfiguration(
    _ source: ConfigurationSource, overrides: [String], for purpose: RunConfiguration.Purpose? = nil
) throws -> RunConfiguration {
    do {
        let configuration: RunConfiguration
        if let text = source.text, source.object == nil {
            configuration = try RunConfiguration.parse(
                yaml: text, name: source.name ?? "configuration", overrides: overrides)
        } else if let object = source.object, source.text == nil {
            configuration = try RunConfiguration.parse(
                object: ConfigurationValue(JSONValue.object(object)), overrides: overrides)
        } else {
            throw ServiceError(.badRequest, "config needs either `text` or `object`", field: "config")
        }
        return try configuration.validated(for: purpose ?? configuration.usualPurpose)
    } catch let error as ConfigurationError {
        throw ServiceError(error)
    }
}

/// `working_directory` must be absolute when it is given.
func checkWorkingDirectory(_ directory: String?) throws {
    if let directory, !directory.hasPrefix("/") {
        throw ServiceError(
            .badRequest, "working_directory must be absolute, not \"\(directory)\"", field: "working_directory")
    }
}

/// `path` below the working directory unless it is absolute.
func absolutePath(of path: String, field: String, in directory: String?) throws -> String {
    if path.hasPrefix("/") { return path }
    guard let directory else {
        throw ServiceError(
            .badRequest, "`\(field)` is the relative path \"\(path)\" and the request has no working_directory",
            hint: "give an absolute path, or working_directory", field: field)
    }
    return Path.resolve(path, in: directory)
}

extension ServiceError {
    init(_ error: ConfigurationError) {
        let isLater = if case .notYet = error.kind { true } else { false }
        self.init(
            isLater ? .notAvailable : .badConfig, error.description, hint: error.hint, field: error.parameter,
            file: error.file, line: error.line, column: error.column)
    }
}

extension ConfigurationValue {
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map(ConfigurationValue.init))
        case .object(let object): self = .mapping(object.map { Entry($0.key, ConfigurationValue($0.value)) })
        }
    }
}

extension JSONValue {
    init(_ value: ConfigurationValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .list(let elements): self = .array(elements.map(JSONValue.init))
        case .mapping(let entries): self = .object(JSONObject(entries.map { ($0.key, JSONValue($0.value)) }))
        }
    }
}
