/// What optimizers remember, as a checkpoint keeps it: `exp_avg.NAME` is the tensor `exp_avg` of the parameter `NAME`.
package struct OptimizerState {
    package var tensors: [(name: String, value: StateValue)]
    /// Numbers of updates and the like, under names of the same form.
    package var counters: [String: String]

    package init(tensors: [(name: String, value: StateValue)] = [], counters: [String: String] = [:]) {
        self.tensors = tensors
        self.counters = counters
    }

    static func key(_ name: String, _ parameter: String) -> String { "\(name).\(parameter)" }
}

/// Takes saved state apart, parameter by parameter, and knows what was not asked for.
struct OptimizerStateReader {
    /// By parameter, then by the name of what is remembered.
    private var tensors: [Substring: [Substring: StateValue]] = [:]
    private var counters: [Substring: [Substring: String]] = [:]

    /// - Throws: `OptimizerError` for a name that is there twice
    init(_ saved: OptimizerState) throws {
        for (key, value) in saved.tensors {
            guard let (parameter, name) = Self.parts(key) else { continue }
            guard tensors[parameter, default: [:]].updateValue(value, forKey: name) == nil else {
                throw OptimizerError.duplicateParameter(name: String(parameter))
            }
        }
        for (key, value) in saved.counters {
            guard let (parameter, name) = Self.parts(key) else { continue }
            counters[parameter, default: [:]][name] = value
        }
    }

    private static func parts(_ key: String) -> (parameter: Substring, name: Substring)? {
        guard let dot = key.firstIndex(of: ".") else { return nil }
        return (key[key.index(after: dot)...], key[..<dot])
    }

    /// The state of one parameter; nil when nothing was saved of it.
    ///
    /// - Throws: `OptimizerError.stateMismatch` for tensors or numbers other than `layout` has
    mutating func takeState(of parameter: String, _ layout: [StateTensor]) throws -> ParameterState? {
        func mismatch(_ expected: String, _ actual: String) -> OptimizerError {
            .stateMismatch(parameter: parameter, expected: expected, actual: actual)
        }
        let key = Substring(parameter)
        let (saved, counted) = (tensors.removeValue(forKey: key), counters.removeValue(forKey: key))
        guard saved != nil || counted != nil else { return nil }
        let found = saved ?? [:]
        var numbers = counted ?? [:]
        let names = layout.map(\.name).sorted()
        guard found.keys.map(String.init).sorted() == names else {
            throw mismatch(Self.list(names), Self.list(found.keys.map(String.init).sorted()))
        }
        for entry in layout {
            guard let value = found[entry.name[...]],
                value.shape != entry.shape || value.element != entry.element
            else { continue }
            throw mismatch(
                "`\(entry.name)` of shape \(entry.shape) in \(entry.element)s", "\(value.shape) in \(value.element)s")
        }
        guard let text = numbers.removeValue(forKey: "step"), let step = Int(text), step >= 1 else {
            throw mismatch("a step of 1 or more", counted?["step"] ?? "none")
        }
        let state = ParameterState(
            step: step, tensors: Dictionary(uniqueKeysWithValues: found.map { (String($0), $1) }))
        for (name, text) in numbers {
            guard let number = Double(text) else { throw mismatch("a number as `\(name)`", "`\(text)`") }
            state.numbers[String(name)] = number
        }
        return state
    }

    /// - Throws: `OptimizerError.stateMismatch` when state of other parameters was saved
    func requireNothingLeft() throws {
        guard let stranger = Set(tensors.keys).union(counters.keys).min() else { return }
        throw OptimizerError.stateMismatch(
            parameter: String(stranger), expected: "a trainable parameter", actual: "a name that is none")
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "no tensors" : names.map { "`\($0)`" }.joined(separator: ", ")
    }
}
