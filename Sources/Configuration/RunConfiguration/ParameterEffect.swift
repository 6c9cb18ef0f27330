/// What setting a parameter does here; the column `effect` of the table.
package enum ParameterEffect: Sendable, Equatable {
    /// It acts; the named test would fail without it.
    case acts(test: String)
    /// It is declined for good, with the reason and what to use instead.
    case refused(_ reason: String, instead: String)
    /// It is declined by name until the named piece of work exists.
    case notYet(_ what: String)
    /// It is accepted and noted, for it cannot change the result here.
    case cannotMatter(_ reason: String)

    /// One sentence for tables and help.
    package var summary: String {
        switch self {
        case .acts(let test): "acts (test: \(test))"
        case .refused(let reason, let instead): "refused: \(reason); \(instead)"
        case .notYet(let what): "not available yet: \(what)"
        case .cannotMatter(let reason): "accepted, changes nothing: \(reason)"
        }
    }
}

/// An effect of some values that differs from the parameter's own.
package struct ValueRule: Sendable {
    package enum Condition: Sendable {
        case oneOf([String])
        case noneOf([String])
        case above(Double)
    }

    package let condition: Condition
    package let effect: ParameterEffect

    static func oneOf(_ texts: String..., effect: ParameterEffect) -> ValueRule {
        ValueRule(condition: .oneOf(texts), effect: effect)
    }

    static func noneOf(_ texts: String..., effect: ParameterEffect) -> ValueRule {
        ValueRule(condition: .noneOf(texts), effect: effect)
    }

    static func above(_ limit: Double, effect: ParameterEffect) -> ValueRule {
        ValueRule(condition: .above(limit), effect: effect)
    }

    func applies(to value: ConfigurationValue) -> Bool {
        switch value {
        case .null, .mapping: return false
        case .list(let items): return items.contains(where: applies(to:))
        case .bool, .integer, .number, .string: break
        }
        return switch condition {
        case .oneOf(let texts): texts.contains(value.description)
        case .noneOf(let texts): !texts.contains(value.description)
        case .above(let limit): (value.magnitude ?? -.infinity) > limit
        }
    }

    var summary: String {
        let values =
            switch condition {
            case .oneOf(let texts): texts.map { "`\($0)`" }.joined(separator: ", ")
            case .noneOf(let texts): "all but " + texts.map { "`\($0)`" }.joined(separator: ", ")
            case .above(let limit): "above \(ParameterRange.text(limit))"
            }
        return "\(values): \(effect.summary)"
    }
}

/// The numbers a parameter may have.
package enum ParameterRange: Sendable, Equatable {
    case atLeast(Double)
    case above(Double)
    case within(Double, Double)
    /// Lower bound included, upper excluded.
    case from(Double, below: Double)

    func contains(_ number: Double) -> Bool {
        switch self {
        case .atLeast(let lower): number >= lower
        case .above(let lower): number > lower
        case .within(let lower, let upper): lower <= number && number <= upper
        case .from(let lower, let upper): lower <= number && number < upper
        }
    }

    /// What `is` and `must be` go before.
    package var summary: String {
        switch self {
        case .atLeast(let lower): "at least \(Self.text(lower))"
        case .above(let lower): "above \(Self.text(lower))"
        case .within(let lower, let upper): "between \(Self.text(lower)) and \(Self.text(upper))"
        case .from(let lower, let upper): "at least \(Self.text(lower)) and below \(Self.text(upper))"
        }
    }

    /// Whole numbers without a dot.
    static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? String(number)
    }
}

extension ConfigurationValue {
    /// The value as a number, for range checks.
    var magnitude: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
