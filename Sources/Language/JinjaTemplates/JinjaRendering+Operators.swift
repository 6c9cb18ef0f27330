import Glibc
internal import PythonData

extension JinjaRendering {
    func signed(_ value: JinjaValue, isMinus: Bool) throws -> JinjaValue {
        if let number = value.integer {
            let (result, overflow) = isMinus ? 0.subtractingReportingOverflow(number) : (number, false)
            if !overflow { return .integer(result) }
        } else if let number = value.number {
            return .float(isMinus ? -number : number)
        }
        throw JinjaError.wrongUse("\(value.kindName) has no sign")
    }

    func combine(_ left: JinjaValue, _ sign: Operator, _ right: JinjaValue) throws -> JinjaValue {
        if let left = left.integer, let right = right.integer { return try combine(left, sign, right) }
        if let left = left.number, let right = right.number { return try combine(left, sign, right) }
        switch (left, sign, right) {
        case (.undefined(let name), _, _), (_, _, .undefined(let name)): throw JinjaError.undefined(name)
        case (.string(let left), .plus, .string(let right)):
            try charge(textBytes: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.list(let left), .plus, .list(let right)):
            try charge(elements: left.elements.count + right.elements.count)
            return try .values(left.elements + right.elements)
        case (.string(let text), .times, _), (_, .times, .string(let text)):
            guard let count = left.integer ?? right.integer else { break }
            let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
            try charge(textBytes: overflow ? .max : bytes)
            return .string(String(repeating: text, count: max(0, count)))
        case (.list(let list), .times, _), (_, .times, .list(let list)):
            guard let count = left.integer ?? right.integer else { break }
            let (total, overflow) = list.elements.count.multipliedReportingOverflow(by: max(0, count))
            try charge(elements: overflow ? .max : total)
            return try .values(Array(repeatElement(list.elements, count: max(0, count)).joined()))
        case (.string(let text), .modulo, _):
            return .string(try formatted(text, try elementsOrSelf(right)))
        default: break
        }
        throw JinjaError.wrongUse("`\(sign.rawValue)` does not go with \(left.kindName) and \(right.kindName)")
    }

    private func elementsOrSelf(_ value: JinjaValue) throws -> [JinjaValue] {
        if case .list(let list) = value { return list.elements }
        return [value]
    }

    /// Python's `%s`, `%d` and `%%`.
    func formatted(_ format: String, _ values: [JinjaValue]) throws -> String {
        var rest = values[...]
        var text = ""
        var isMark = false
        for scalar in format.unicodeScalars {
            try charge(textBytes: text.utf8.count / 64)
            guard isMark else {
                if scalar == "%" { isMark = true } else { text.unicodeScalars.append(scalar) }
                continue
            }
            isMark = false
            if scalar == "%" {
                text += "%"
                continue
            }
            guard let value = rest.popFirst(), scalar == "s" || (scalar == "d" && value.integer != nil) else {
                throw JinjaError.wrongUse("only `%s` and `%d` with as many values can be formatted")
            }
            let piece = try printed(value)
            try charge(textBytes: text.utf8.count + piece.utf8.count)
            text += piece
        }
        guard rest.isEmpty, !isMark else { throw JinjaError.wrongUse("more values than places to format") }
        return text
    }

    private func combine(_ left: Int, _ sign: Operator, _ right: Int) throws -> JinjaValue {
        let result: (partialValue: Int, overflow: Bool)
        switch sign {
        case .plus: result = left.addingReportingOverflow(right)
        case .minus: result = left.subtractingReportingOverflow(right)
        case .times: result = left.multipliedReportingOverflow(by: right)
        case .dividedBy:
            guard right != 0 else { throw JinjaError.wrongUse("a number is divided by zero") }
            return .float(Double(left) / Double(right))
        case .wholeDividedBy, .modulo:
            guard right != 0 else { throw JinjaError.wrongUse("a number is divided by zero") }
            let (quotient, overflow) = left.dividedReportingOverflow(by: right)
            guard !overflow else { throw JinjaError.wrongUse("a number is too large") }
            let remainder = left % right
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            return .integer(sign == .modulo ? remainder + (isBelow ? right : 0) : quotient - (isBelow ? 1 : 0))
        case .power: return try power(left, right)
        }
        guard !result.overflow else { throw JinjaError.wrongUse("a number is too large") }
        return .integer(result.partialValue)
    }

    private func power(_ base: Int, _ exponent: Int) throws -> JinjaValue {
        guard exponent >= 0 else { return .float(pow(Double(base), Double(exponent))) }
        if exponent == 0 || base == 1 { return .integer(1) }
        if base == 0 { return .integer(0) }
        if base == -1 { return .integer(exponent % 2 == 0 ? 1 : -1) }
        guard exponent < 64 else { throw JinjaError.wrongUse("a number is too large") }
        var result = 1
        for _ in 0..<exponent {
            let (next, overflow) = result.multipliedReportingOverflow(by: base)
            guard !overflow else { throw JinjaError.wrongUse("a number is too large") }
            result = next
        }
        return .integer(result)
    }

    private func combine(_ left: Double, _ sign: Operator, _ right: Double) throws -> JinjaValue {
        switch sign {
        case .plus: return .float(left + right)
        case .minus: return .float(left - right)
        case .times: return .float(left * right)
        case .power: return .float(pow(left, right))
        case .dividedBy, .wholeDividedBy, .modulo: break
        }
        guard right != 0 else { throw JinjaError.wrongUse("a number is divided by zero") }
        if sign == .dividedBy { return .float(left / right) }
        let quotient = (left / right).rounded(.down)
        return .float(sign == .wholeDividedBy ? quotient : left - quotient * right)
    }

    // MARK: - Comparing

    func holds(_ left: JinjaValue, _ comparison: Comparison, _ right: JinjaValue) throws -> Bool {
        switch comparison {
        case .equal: return try equal(left, right)
        case .notEqual: return try !equal(left, right)
        case .isIn: return try contains(right, left)
        case .isNotIn: return try !contains(right, left)
        case .less: return try isLess(left, right)
        case .lessOrEqual: return try !isLess(right, left)
        case .greater: return try isLess(right, left)
        case .greaterOrEqual: return try !isLess(left, right)
        }
    }

    func equal(_ left: JinjaValue, _ right: JinjaValue) throws -> Bool {
        try charge()
        if let left = left.integer, let right = right.integer { return left == right }
        if let left = left.number, let right = right.number { return left == right }
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)):
            try charge(textBytes: min(left.utf8.count, right.utf8.count))
            return left.utf8.elementsEqual(right.utf8)
        case (.bigInteger(let left), .bigInteger(let right)): return left == right
        case (.list(let left), .list(let right)):
            guard left.elements.count == right.elements.count else { return false }
            for (one, other) in zip(left.elements, right.elements) where try !equal(one, other) { return false }
            return true
        case (.dictionary(let left), .dictionary(let right)):
            guard left.keys.count == right.keys.count else { return false }
            for (key, value) in left.members {
                guard let other = right[key], try equal(value, other) else { return false }
            }
            return true
        default: return false
        }
    }

    func isLess(_ left: JinjaValue, _ right: JinjaValue) throws -> Bool {
        try charge()
        if let left = left.integer, let right = right.integer { return left < right }
        if let left = left.number, let right = right.number { return left < right }
        switch (left, right) {
        case (.undefined(let name), _), (_, .undefined(let name)): throw JinjaError.undefined(name)
        case (.string(let left), .string(let right)):
            try charge(textBytes: min(left.utf8.count, right.utf8.count))
            return PythonText(left) < PythonText(right)
        case (.list(let left), .list(let right)):
            for (one, other) in zip(left.elements, right.elements) where try !equal(one, other) {
                return try isLess(one, other)
            }
            return left.elements.count < right.elements.count
        default: throw JinjaError.wrongUse("\(left.kindName) and \(right.kindName) have no order")
        }
    }

    private func contains(_ whole: JinjaValue, _ part: JinjaValue) throws -> Bool {
        switch whole {
        case .list(let list):
            for element in list.elements where try equal(element, part) { return true }
            return false
        case .dictionary(let dictionary): return part.string.map { dictionary[$0] != nil } ?? false
        case .string(let text):
            guard let word = part.string else {
                if case .undefined(let name) = part { throw JinjaError.undefined(name) }
                throw JinjaError.wrongUse("a text contains texts only, not \(part.kindName)")
            }
            try charge(textBytes: text.utf8.count)
            return word.isEmpty || JinjaText.place(of: word, in: Array(text.utf8), from: 0) != nil
        case .undefined: return false
        default: throw JinjaError.wrongUse("\(whole.kindName) contains nothing")
        }
    }
}
