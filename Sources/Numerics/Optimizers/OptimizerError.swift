/// Why an optimizer or a schedule could not be made or restored.
package enum OptimizerError: Error, Equatable, CustomStringConvertible {
    /// A name that nobody knows, or that this program does not carry out.
    case unavailable(kind: String, name: String, available: [String])
    /// An entry of `lr_scheduler_kwargs` or `optim_args` that its owner does not read.
    case unknownOption(owner: String, option: String, known: [String])
    /// A setting outside what the formula accepts.
    case invalidSetting(name: String, value: String, expected: String)
    /// Settings that must come together or must not.
    case missingOption(schedule: String, expected: String)
    /// Two parameters with one name; saved moments could not be told apart.
    case duplicateParameter(name: String)
    /// A gradient whose shape is not its parameter's.
    case gradientShape(parameter: String, expected: [Int], actual: [Int])
    /// Saved state that does not belong to these parameters.
    case stateMismatch(parameter: String, expected: String, actual: String)

    /// Saved state without a number that the optimizer needs.
    case missingCounter(name: String)

    package var description: String {
        switch self {
        case .unavailable(let kind, let name, let available):
            "\(kind) `\(name)` is not available; choose one of \(available.joined(separator: ", "))"
        case .unknownOption(let owner, let option, let known):
            "\(owner) has no option `\(option)`; "
                + (known.isEmpty ? "it has none" : "it knows \(known.joined(separator: ", "))")
        case .invalidSetting(let name, let value, let expected):
            "\(name) is \(value), expected \(expected)"
        case .missingOption(let schedule, let expected):
            "lr_scheduler_kwargs: schedule `\(schedule)` needs \(expected)"
        case .duplicateParameter(let name):
            "two trainable parameters are named `\(name)`; names must be unique to save the optimizer's state"
        case .gradientShape(let parameter, let expected, let actual):
            "the gradient of `\(parameter)` has shape \(actual), expected \(expected)"
        case .missingCounter(let name):
            "saved optimizer state has no `\(name)`; resume with the configuration the checkpoint was written with"
        case .stateMismatch(let parameter, let expected, let actual):
            "saved optimizer state of `\(parameter)`: expected \(expected), got \(actual); "
                + "resume with the configuration the checkpoint was written with"
        }
    }
}
