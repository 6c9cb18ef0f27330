import Optimizers
import RunConfiguration

// In a file of its own because `Tensors` has a `Parameter` too.
extension OptimizerStart {
    /// The value of a parameter that takes words.
    func word<Choice: RawRepresentable & CaseIterable>(
        _ parameter: Parameter<String>
    ) throws -> Choice where Choice.RawValue == String {
        let value = configuration[parameter]
        guard let choice = Choice(rawValue: value) else {
            throw OptimizerError.invalidSetting(
                name: parameter.name, value: value,
                expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}
