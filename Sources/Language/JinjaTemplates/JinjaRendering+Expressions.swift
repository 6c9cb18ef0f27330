internal import PythonData

/// Arguments that have been evaluated.
struct ArgumentValues {
    var positional: [JinjaValue] = []
    var named: [(String, JinjaValue)] = []

    /// The argument at a place or with a name.
    func value(_ index: Int, _ name: String) -> JinjaValue? {
        index < positional.count ? positional[index] : named.first { $0.0 == name }?.1
    }

    func text(_ index: Int, _ name: String) throws -> String? {
        guard let value = value(index, name) else { return nil }
        guard let text = value.string else {
            throw JinjaError.wrongUse("`\(name)` must be a text, not \(value.kindName)")
        }
        return text
    }

    func integer(_ index: Int, _ name: String) throws -> Int? {
        guard let value = value(index, name) else { return nil }
        if case .none = value { return nil }
        guard let number = value.integer else {
            throw JinjaError.wrongUse("`\(name)` must be a whole number, not \(value.kindName)")
        }
        return number
    }

    func flag(_ index: Int, _ name: String) -> Bool? { value(index, name)?.isTruthy }
}

extension JinjaRendering {
    func evaluate(_ expression: Expression, in scope: JinjaScope) throws -> JinjaValue {
        try charge()
        switch expression.kind {
        case .literal(let literal): return value(of: literal)
        case .name(let name):
            return scope.value(of: name) ?? global(name) ?? .undefined("`\(name)`")
        case .list(let parts):
            try charge(elements: parts.count)
            return try .values(parts.map { try evaluate($0, in: scope) })
        case .dictionary(let members):
            return .dictionary(
                try JinjaDictionary(
                    members.map { key, value in
                        (try self.key(try evaluate(key, in: scope)), try evaluate(value, in: scope))
                    }))
        case .attribute(let value, let name): return try attribute(name, of: try evaluate(value, in: scope))
        case .item(let value, let index):
            return try item(try evaluate(index, in: scope), of: try evaluate(value, in: scope))
        case .slice(let value, let start, let end, let step):
            let bounds = try [start, end, step].map { bound in try bound.map { try evaluate($0, in: scope) } }
            return try slice(of: try evaluate(value, in: scope), bounds)
        case .call(let function, let arguments):
            return try call(try evaluate(function, in: scope), try values(of: arguments, in: scope))
        case .filter(let operand, _, _):
            guard let operand else { throw JinjaError.wrongUse("a filter has nothing to filter") }
            return try apply(expression, last: try evaluate(operand, in: scope), in: scope)
        case .test(let value, let name, let arguments):
            return .bool(
                try test(
                    name, try evaluate(value, in: scope), try arguments.map { try evaluate($0, in: scope) }))
        case .negation(let value): return .bool(!(try evaluate(value, in: scope).isTruthy))
        case .sign(let value, let isMinus): return try signed(try evaluate(value, in: scope), isMinus: isMinus)
        case .binary(let left, let sign, let right):
            return try combine(try evaluate(left, in: scope), sign, try evaluate(right, in: scope))
        case .comparison(let first, let others):
            var left = try evaluate(first, in: scope)
            for (comparison, other) in others {
                let right = try evaluate(other, in: scope)
                guard try holds(left, comparison, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .and(let left, let right):
            let value = try evaluate(left, in: scope)
            return value.isTruthy ? try evaluate(right, in: scope) : value
        case .or(let left, let right):
            let value = try evaluate(left, in: scope)
            return value.isTruthy ? value : try evaluate(right, in: scope)
        case .concatenation(let parts):
            var text = ""
            for part in parts {
                let piece = try printed(try evaluate(part, in: scope))
                try charge(textBytes: text.utf8.count + piece.utf8.count)
                text += piece
            }
            return .string(text)
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition, in: scope).isTruthy { return try evaluate(then, in: scope) }
            return try otherwise.map { try evaluate($0, in: scope) } ?? .undefined("a value without `else`")
        }
    }

    private func value(of literal: Literal) -> JinjaValue {
        switch literal {
        case .none: .none
        case .bool(let flag): .bool(flag)
        case .integer(let value): .integer(value)
        case .float(let value): .float(value)
        case .string(let text): .string(text)
        }
    }

    func values(of arguments: Arguments, in scope: JinjaScope) throws -> ArgumentValues {
        ArgumentValues(
            positional: try arguments.positional.map { try evaluate($0, in: scope) },
            named: try arguments.named.map { ($0.0, try evaluate($0.1, in: scope)) })
    }

    /// Applies a chain of filters whose first has no operand.
    func apply(_ filter: Expression, to value: JinjaValue, in scope: JinjaScope) throws -> JinjaValue {
        guard case .filter(let operand, _, _) = filter.kind else { return value }
        let last = try operand.map { try apply($0, to: value, in: scope) } ?? value
        return try apply(filter, last: last, in: scope)
    }

    private func apply(_ filter: Expression, last value: JinjaValue, in scope: JinjaScope) throws -> JinjaValue {
        guard case .filter(_, let name, let arguments) = filter.kind else { return value }
        return try self.filter(name, value, try values(of: arguments, in: scope))
    }

    func call(
        _ function: JinjaValue, _ arguments: ArgumentValues, caller: JinjaScope? = nil
    ) throws -> JinjaValue {
        switch function {
        case .callable(.global(let name)): return try callGlobal(name, arguments)
        case .callable(.method(let name, let receiver)): return try callMethod(name, of: receiver.value, arguments)
        case .callable(.macro(let macro)): return try call(macro, arguments, caller: caller)
        case .undefined(let name): throw JinjaError.undefined(name)
        default: throw JinjaError.wrongUse("\(function.kindName) cannot be called")
        }
    }

    // MARK: - Parts of values

    private func key(_ value: JinjaValue) throws -> String {
        guard let text = value.string else {
            throw JinjaError.wrongUse("keys of a dictionary must be texts here, not \(value.kindName)")
        }
        return text
    }

    func attribute(_ name: String, of value: JinjaValue) throws -> JinjaValue {
        // Nothing behind such names concerns a template, and hostile ones begin there.
        guard !name.hasPrefix("_") else { throw JinjaError.wrongUse("the attribute `\(name)` may not be used") }
        let missing = JinjaValue.undefined("`\(name)` of \(value.kindName)")
        switch value {
        case .undefined(let name): throw JinjaError.undefined(name)
        case .namespace(let namespace):
            if let member = namespace.members[name] { return member }
            return namespace.isLoop && name == "cycle" ? .callable(.method(name, of: MethodReceiver(value))) : missing
        case .dictionary(let dictionary):
            if let method = method(name, of: value) { return method }
            return dictionary[name] ?? missing
        case .callable(.macro(let macro)): return name == "name" ? .string(macro.definition.name) : missing
        default: return method(name, of: value) ?? missing
        }
    }

    private func method(_ name: String, of value: JinjaValue) -> JinjaValue? {
        guard JinjaMethods.exists(name, of: value) else { return nil }
        return .callable(.method(name, of: MethodReceiver(value)))
    }

    func item(_ index: JinjaValue, of value: JinjaValue) throws -> JinjaValue {
        let missing = JinjaValue.undefined("an element of \(value.kindName)")
        switch value {
        case .undefined(let name): throw JinjaError.undefined(name)
        case .dictionary(let dictionary):
            guard let name = index.string else { return missing }
            return dictionary[name] ?? method(name, of: value) ?? .undefined("`\(name)`")
        case .list(let list):
            guard let place = index.integer else { return index.string.flatMap { method($0, of: value) } ?? missing }
            let found = place < 0 ? place + list.elements.count : place
            return list.elements.indices.contains(found) ? list.elements[found] : missing
        case .string(let text):
            guard let place = index.integer else { return index.string.flatMap { method($0, of: value) } ?? missing }
            try charge(textBytes: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            let found = place < 0 ? place + scalars.count : place
            return scalars.indices.contains(found) ? .string(String(scalars[found])) : missing
        case .namespace:
            guard let name = index.string else { return missing }
            return try attribute(name, of: value)
        default: return missing
        }
    }

    private func slice(of value: JinjaValue, _ bounds: [JinjaValue?]) throws -> JinjaValue {
        let bounds = try bounds.map { bound -> Int? in
            guard let bound else { return nil }
            if case .none = bound { return nil }
            guard let place = bound.integer else {
                throw JinjaError.wrongUse("the bounds of a slice must be whole numbers, not \(bound.kindName)")
            }
            return place
        }
        switch value {
        case .list(let list):
            try charge(elements: list.elements.count)
            return try .values(Self.places(bounds, of: list.elements.count).map { list.elements[$0] })
        case .string(let text):
            try charge(textBytes: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: try Self.places(bounds, of: scalars.count).map { scalars[$0] })
            return .string(String(view))
        case .undefined(let name): throw JinjaError.undefined(name)
        default: throw JinjaError.wrongUse("\(value.kindName) cannot be sliced")
        }
    }

    /// The places that Python's `[start:end:step]` takes.
    private static func places(_ bounds: [Int?], of count: Int) throws -> [Int] {
        let step = bounds[2] ?? 1
        guard step != 0 else { throw JinjaError.wrongUse("the step of a slice must not be zero") }
        func place(_ bound: Int?, _ standard: Int) -> Int {
            guard let bound else { return standard }
            let lowest = step > 0 ? 0 : -1
            let highest = step > 0 ? count : count - 1
            return min(max(bound < 0 ? max(bound, -count - 1) + count : bound, lowest), highest)
        }
        let start = place(bounds[0], step > 0 ? 0 : count - 1)
        let end = place(bounds[1], step > 0 ? count : -1)
        // A step longer than the list takes one element at most.
        return Array(stride(from: start, to: end, by: max(min(step, count + 1), -count - 1)))
    }

    // MARK: - As Python values and texts

    /// The value without functions and what is undefined.
    func python(_ value: JinjaValue) throws -> PythonValue {
        try charge()
        switch value {
        case .undefined(let name): throw JinjaError.undefined(name)
        case .none: return .none
        case .bool(let flag): return .bool(flag)
        case .integer(let value): return .integer(Int64(value))
        case .bigInteger(let digits): return .bigInteger(digits)
        case .float(let value): return .float(value)
        case .string(let text):
            try charge(textBytes: text.utf8.count)
            return .text(text)
        case .list(let list): return .list(try list.elements.map { try python($0) })
        case .dictionary(let dictionary):
            return .dictionary(PythonDictionary(try dictionary.members.map { ($0.0, try python($0.1)) }))
        case .namespace, .callable: throw JinjaError.wrongUse("\(value.kindName) has no text")
        }
    }

    /// The value as it is written out.
    func printed(_ value: JinjaValue) throws -> String {
        switch value {
        case .undefined: return ""
        case .string(let text): return text
        default:
            let text = try python(value).printed
            try charge(textBytes: text.utf8.count)
            return text
        }
    }

    /// What a loop goes over.
    func elements(of value: JinjaValue) throws -> [JinjaValue] {
        switch value {
        case .list(let list): return list.elements
        case .dictionary(let dictionary): return dictionary.keys.map { .string($0) }
        case .string(let text):
            try charge(elements: text.unicodeScalars.count)
            return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        default: throw JinjaError.wrongUse("\(value.kindName) has no elements")
        }
    }
}
