/// One thing that is wrong with a configuration, with its place.
package struct ConfigurationError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The text is not YAML, or breaks one of the limits.
        case syntax(String)
        /// No parameter has this name; `nearest` is the closest one that exists.
        case unknownParameter(nearest: String?)
        /// A parameter was given twice, perhaps under another of its names.
        case givenTwice(firstAs: String)
        case wrongType(expected: String, found: String)
        case outOfRange(expected: String)
        case notAChoice([String])
        /// The value is understood and declined for good.
        case refused(reason: String, instead: String)
        /// The value is understood and will act in a later release.
        case notYet(String)
        /// Two parameters contradict each other, or one needs another that is missing.
        case conflict(reason: String, hint: String)
        case missing(reason: String)
        /// A `key=value` argument without a key or without `=`.
        case malformedOverride
    }

    package let kind: Kind
    /// The parameter as the user wrote it.
    package let parameter: String?
    /// The offending value as text, cut to a readable length.
    package let value: String?
    package let place: ConfigurationPlace?

    init(_ kind: Kind, parameter: String? = nil, value: String? = nil, place: ConfigurationPlace? = nil) {
        self.kind = kind
        self.parameter = parameter
        self.value = value.map { $0.count > 120 ? $0.prefix(117) + "..." : $0 }
        self.place = place
    }

    package var file: String? {
        guard case .file(let name) = place?.source else { return nil }
        return name
    }

    package var line: Int? { place?.line }
    package var column: Int? { place?.column }

    /// A stable name of the kind, for programs.
    package var kindName: String {
        switch kind {
        case .syntax: "syntax"
        case .unknownParameter: "unknown_parameter"
        case .givenTwice: "given_twice"
        case .wrongType: "wrong_type"
        case .outOfRange: "out_of_range"
        case .notAChoice: "not_a_choice"
        case .refused: "refused"
        case .notYet: "not_yet"
        case .conflict: "conflict"
        case .missing: "missing"
        case .malformedOverride: "malformed_override"
        }
    }

    /// What to do about it, where that is known.
    package var hint: String? {
        switch kind {
        case .unknownParameter(let nearest?): "did you mean `\(nearest)`?"
        case .unknownParameter: "`tunectl params` lists every parameter"
        case .givenTwice: "keep one of them"
        case .refused(_, let instead): instead
        case .conflict(_, let hint): hint
        case .notYet: "take it out, or give its default"
        case .malformedOverride: "write key=value"
        case .syntax, .wrongType, .outOfRange, .notAChoice, .missing: nil
        }
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// The whole message for people: place, what was expected, what came, what to do.
    package var description: String {
        let prefix = place.map { "\($0): " } ?? ""
        return hint.map { "\(prefix)\(problem) (\($0))" } ?? prefix + problem
    }

    /// The message without its place and hint.
    package var problem: String {
        let name = parameter.map { "`\($0)`" } ?? "the configuration"
        let given = value.map { ", not `\($0)`" } ?? ""
        return switch kind {
        case .syntax(let reason): reason
        case .unknownParameter: "there is no parameter \(name)"
        case .givenTwice(let first) where first == parameter: "\(name) is given twice"
        case .givenTwice(let first): "\(name) is another name of `\(first)`, which is given as well"
        case .wrongType(let expected, let found):
            "\(name) takes \(expected); `\(value ?? "")` is \(found)"
        case .outOfRange(let expected): "\(name) must be \(expected)\(given)"
        case .notAChoice(let choices): "\(name) must be one of \(choices.joined(separator: ", "))\(given)"
        case .refused(let reason, _): "`\(parameter ?? "")\(value.map { ": \($0)" } ?? "")` is refused: \(reason)"
        case .notYet(let what): "`\(parameter ?? "")\(value.map { ": \($0)" } ?? "")` is not available yet: \(what)"
        case .conflict(let reason, _): reason
        case .missing(let reason): reason
        case .malformedOverride: "the override `\(value ?? "")` is not of the form key=value"
        }
    }
}
