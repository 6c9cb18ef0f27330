/// Why a model's `config.json` cannot be used.
package enum ModelConfigurationError: Error, CustomStringConvertible {
    case missing(key: String, file: String)
    case wrongValue(key: String, expected: String, found: String, file: String)
    case unknownFamily(name: String, known: [String], file: String)
    case unsupported(key: String, value: String, supported: [String], file: String)

    package var description: String {
        switch self {
        case .missing(let key, let file):
            "\(file): the key '\(key)' is missing; a model's config.json must have it"
        case .wrongValue(let key, let expected, let found, let file):
            "\(file): '\(key)' must be \(expected), found \(found)"
        case .unknownFamily(let name, let known, let file):
            "\(file): the model type '\(name)' is not available; available are \(known.joined(separator: ", "))"
        case .unsupported(let key, let value, let supported, let file):
            "\(file): '\(key)' has the value '\(value)', available are \(supported.joined(separator: ", "))"
        }
    }
}
