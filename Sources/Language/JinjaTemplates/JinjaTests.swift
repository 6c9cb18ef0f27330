/// The questions behind `is`.
enum JinjaTests {
    static let names: Set<String> = [
        "boolean", "callable", "defined", "undefined", "divisibleby", "eq", "equalto", "ne", "gt", "greaterthan", "ge",
        "lt", "lessthan", "le", "in", "even", "odd", "true", "false", "float", "integer", "iterable", "lower", "upper",
        "mapping", "none", "number", "sameas", "sequence", "string",
    ]
}

extension JinjaRendering {
    func test(_ name: String, _ value: JinjaValue, _ arguments: [JinjaValue]) throws -> Bool {
        try charge()
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none": if case .none = value { return true }
        case "boolean": if case .bool = value { return true }
        case "true": if case .bool(true) = value { return true }
        case "false": if case .bool(false) = value { return true }
        case "integer":
            switch value {
            case .integer, .bigInteger: return true
            default: return false
            }
        case "float": if case .float = value { return true }
        case "number":
            if case .bigInteger = value { return true }
            return value.number != nil
        case "string": return value.string != nil
        case "mapping": if case .dictionary = value { return true }
        case "sequence", "iterable":
            switch value {
            case .list, .dictionary, .string, .undefined: return true
            default: return false
            }
        case "callable": if case .callable = value { return true }
        case "lower": return JinjaText.holds("islower", try printed(value))
        case "upper": return JinjaText.holds("isupper", try printed(value))
        case "odd", "even":
            guard let number = value.integer else {
                throw JinjaError.wrongUse("\(value.kindName) is neither odd nor even")
            }
            return (number % 2 != 0) == (name == "odd")
        default: return try compared(name, value, arguments)
        }
        return false
    }

    private func compared(_ name: String, _ value: JinjaValue, _ arguments: [JinjaValue]) throws -> Bool {
        guard let other = arguments.first else { throw JinjaError.wrongUse("the test `\(name)` needs a value") }
        switch name {
        case "eq", "equalto": return try holds(value, .equal, other)
        case "ne": return try holds(value, .notEqual, other)
        case "gt", "greaterthan": return try holds(value, .greater, other)
        case "ge": return try holds(value, .greaterOrEqual, other)
        case "lt", "lessthan": return try holds(value, .less, other)
        case "le": return try holds(value, .lessOrEqual, other)
        case "in": return try holds(value, .isIn, other)
        case "sameas":
            if case .bool(let flag) = value {
                if case .bool(flag) = other { return true }
                return false
            }
            return try equal(value, other)
        default:
            guard let number = value.integer, let divisor = other.integer, divisor != 0, divisor != -1 else {
                throw JinjaError.wrongUse("`divisibleby` needs whole numbers, and not zero")
            }
            return number % divisor == 0
        }
    }
}
