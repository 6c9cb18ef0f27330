/// `optim_args`: settings of one optimizer, written `key=value,key=value`.
package struct OptimizerArguments: Sendable {
    private var values: [String: String] = [:]

    package init() {}

    /// - Throws: `OptimizerError.invalidSetting` for a text of another form
    package init(parsing text: String) throws {
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "=", omittingEmptySubsequences: false).map {
                String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, values[parts[0]] == nil else {
                throw OptimizerError.invalidSetting(
                    name: "optim_args", value: "`\(text)`", expected: "key=value,key=value, each key once")
            }
            values[parts[0]] = parts[1]
        }
    }

    /// - Throws: `OptimizerError.unknownOption` for a key that the optimizer does not read
    package func check(for optimizer: String, known: [String]) throws {
        for name in values.keys.sorted() where !known.contains(name) {
            throw OptimizerError.unknownOption(
                owner: "optim_args: optimizer `\(optimizer)`", option: name, known: known)
        }
    }

    package func number(_ name: String) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let number = Double(text), number.isFinite else { throw invalid(name, text, "a number") }
        return number
    }

    /// Like `number`, with bounds that `expected` tells.
    package func number(_ name: String, _ expected: String, where isValid: (Double) -> Bool) throws -> Double? {
        guard let number = try number(name) else { return nil }
        guard isValid(number) else { throw invalid(name, "\(number)", expected) }
        return number
    }

    /// A whole number of at least 1.
    package func count(_ name: String) throws -> Int? {
        let expected = "a whole number of at least 1"
        return try number(name, expected) { $0 >= 1 && $0 <= 1e9 && $0 == $0.rounded() }.map { Int($0) }
    }

    /// One of some words.
    package func word<Choice: RawRepresentable & CaseIterable & Equatable>(
        _ name: String, among choices: [Choice] = Array(Choice.allCases)
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = values[name] else { return nil }
        guard let choice = Choice(rawValue: text), choices.contains(choice) else {
            throw invalid(name, text, "one of " + choices.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// `true`, `1` and `yes`, or `false`, `0` and `no`, in any case.
    func flag(_ name: String) throws -> Bool? {
        guard let text = values[name] else { return nil }
        switch text.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw invalid(name, text, "true or false")
        }
    }

    private func invalid(_ name: String, _ value: String, _ expected: String) -> OptimizerError {
        .invalidSetting(name: "optim_args.\(name)", value: value, expected: expected)
    }
}
