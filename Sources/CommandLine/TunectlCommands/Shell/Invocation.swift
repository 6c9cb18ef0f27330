/// A command line after parsing.
package struct Invocation: Sendable {
    package let command: Command
    package let positionals: [String]
    /// `key=value` arguments, in order.
    package let overrides: [String]
    /// Values under the options' names; a flag's value is empty.
    let values: [String: String]

    func has(_ option: String) -> Bool { values[option] != nil }

    func value(_ option: String) -> String? { values[option] }

    /// The value of a required option.
    func required(_ option: String) throws -> String {
        guard let value = values[option], !value.isEmpty else {
            throw CommandFailure.usage(
                "`\(command.name)` needs --\(option)", hint: "see tunectl help \(command.name)")
        }
        return value
    }

    /// The first `key=value` argument's value for `key`.
    func override(_ key: String) -> String? {
        overrides.last { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.utf8.count + 1)) }
    }
}
