internal import PythonData

/// One rendering of a template: its output so far and what it has used up.
final class JinjaRendering {
    /// How a statement ends.
    enum Flow {
        case goesOn
        case breaksLoop
        case continuesLoop
    }

    let limits: JinjaLimits
    private var steps = 0
    private var calls = 0
    private var output = ""
    /// Scopes that macros refer to, which refer to the macros.
    private var scopesWithMacros: [JinjaScope] = []

    init(limits: JinjaLimits) { self.limits = limits }

    func render(_ statements: [Statement], with values: [String: PythonValue]) throws -> String {
        let scope = JinjaScope(inside: nil)
        for (name, value) in values { scope.variables[name] = try JinjaValue(value) }
        defer { for scope in scopesWithMacros { scope.variables = [:] } }
        _ = try run(statements, in: JinjaScope(inside: scope))
        return output
    }

    // MARK: - Bounds

    func charge(_ count: Int = 1) throws {
        steps += count
        guard steps <= limits.steps else { throw JinjaError.tooManySteps(limit: limits.steps) }
    }

    /// Counts a text before it is made.
    func charge(textBytes count: Int) throws {
        guard count <= limits.textBytes else { throw JinjaError.tooMuchText(limit: limits.textBytes) }
        try charge(1 + count / 64)
    }

    func charge(elements count: Int) throws {
        guard count <= limits.elements else {
            throw JinjaError.wrongUse("a list of more than \(limits.elements) elements is too long")
        }
        try charge(1 + count / 16)
    }

    private func write(_ text: String) throws {
        try charge(textBytes: text.utf8.count)
        guard output.utf8.count + text.utf8.count <= limits.textBytes else {
            throw JinjaError.tooMuchText(limit: limits.textBytes)
        }
        output += text
    }

    /// What statements write, instead of writing it.
    private func captured(_ body: () throws -> Void) throws -> String {
        let before = output
        output = ""
        defer { output = before }
        try body()
        return output
    }

    // MARK: - Statements

    private func run(_ statements: [Statement], in scope: JinjaScope) throws -> Flow {
        for statement in statements {
            let flow = try run(statement, in: scope)
            guard case .goesOn = flow else { return flow }
        }
        return .goesOn
    }

    private func run(_ statement: Statement, in scope: JinjaScope) throws -> Flow {
        try charge()
        switch statement {
        case .text(let text): try write(text)
        case .output(let expression): try write(try printed(try evaluate(expression, in: scope)))
        case .loop(let loop): try run(loop, in: scope)
        case .branches(let branches, let otherwise):
            for (condition, body) in branches where try evaluate(condition, in: scope).isTruthy {
                return try run(body, in: scope)
            }
            return try run(otherwise, in: scope)
        case .assignment(let target, let expression):
            try assign(try evaluate(expression, in: scope), to: target, in: scope)
        case .blockAssignment(let target, let filter, let body):
            var text = JinjaValue.string(
                try captured { _ = try run(body, in: JinjaScope(inside: scope)) })
            if let filter { text = try apply(filter, to: text, in: scope) }
            try assign(text, to: target, in: scope)
        case .macro(let definition):
            scope.variables[definition.name] = macro(definition, in: scope)
        case .call(let function, let arguments, let body):
            let caller = JinjaScope(inside: scope)
            caller.variables["caller"] = macro(body, in: caller)
            let function = try evaluate(function, in: scope)
            try write(try printed(try call(function, try values(of: arguments, in: scope), caller: caller)))
        case .filtered(let filter, let body):
            let text = try captured { _ = try run(body, in: JinjaScope(inside: scope)) }
            try write(try printed(try apply(filter, to: .string(text), in: scope)))
        case .group(let body): return try run(body, in: scope)
        case .breakLoop: return .breaksLoop
        case .continueLoop: return .continuesLoop
        }
        return .goesOn
    }

    private func macro(_ definition: MacroDefinition, in scope: JinjaScope) -> JinjaValue {
        scopesWithMacros.append(scope)
        return .callable(.macro(JinjaMacro(definition: definition, scope: scope)))
    }

    private func assign(_ value: JinjaValue, to target: AssignmentTarget, in scope: JinjaScope) throws {
        switch target {
        case .names(let names, isTuple: false): if let name = names.first { scope.variables[name] = value }
        case .names(let names, isTuple: true):
            let parts = try elements(of: value)
            guard parts.count == names.count else {
                throw JinjaError.wrongUse("\(parts.count) values cannot be put into \(names.count) variables")
            }
            for (name, part) in zip(names, parts) { scope.variables[name] = part }
        case .member(let name, let member):
            guard case .namespace(let namespace)? = scope.value(of: name) else {
                throw JinjaError.wrongUse("only parts of a namespace can be set, and `\(name)` is none")
            }
            try namespace.set(member, to: value)
        }
    }

    // MARK: - Loops

    private func run(_ loop: ForLoop, in scope: JinjaScope) throws {
        var values = try elements(of: try evaluate(loop.values, in: scope))
        if let condition = loop.condition {
            values = try values.filter { value in
                try charge()
                let inner = JinjaScope(inside: scope)
                try assign(value, to: loop.target, in: inner)
                return try evaluate(condition, in: inner).isTruthy
            }
        }
        if values.isEmpty {
            _ = try run(loop.otherwise, in: JinjaScope(inside: scope))
            return
        }
        for index in values.indices {
            try charge()
            let inner = JinjaScope(inside: scope)
            inner.variables["loop"] = try loopVariable(at: index, of: values)
            try assign(values[index], to: loop.target, in: inner)
            if case .breaksLoop = try run(loop.body, in: inner) { break }
        }
    }

    private func loopVariable(at index: Int, of values: [JinjaValue]) throws -> JinjaValue {
        let count = values.count
        var members: [String: JinjaValue] = [
            "index": .integer(index + 1), "index0": .integer(index), "revindex": .integer(count - index),
            "revindex0": .integer(count - index - 1), "first": .bool(index == 0), "last": .bool(index == count - 1),
            "length": .integer(count), "depth": .integer(1), "depth0": .integer(0),
        ]
        for (name, place) in [("previtem", index - 1), ("nextitem", index + 1)] where values.indices.contains(place) {
            if case .namespace = values[place] { continue }
            members[name] = values[place]
        }
        return .namespace(try JinjaNamespace(members, isLoop: true))
    }

    // MARK: - Calls of macros

    func call(_ macro: JinjaMacro, _ arguments: ArgumentValues, caller: JinjaScope?) throws -> JinjaValue {
        guard calls < limits.calls else { throw JinjaError.tooDeep(limit: limits.calls) }
        calls += 1
        defer { calls -= 1 }
        let definition = macro.definition
        let scope = JinjaScope(inside: macro.scope)
        if !definition.isCaller, let caller = caller?.variables["caller"] { scope.variables["caller"] = caller }
        guard arguments.positional.count <= definition.parameters.count else {
            throw JinjaError.wrongUse("`\(definition.name)` takes at most \(definition.parameters.count) arguments")
        }
        if let unknown = arguments.named.first(where: { name, _ in !definition.parameters.contains { $0.name == name } }
        ) {
            throw JinjaError.wrongUse("`\(definition.name)` has no parameter `\(unknown.0)`")
        }
        for (index, parameter) in definition.parameters.enumerated() {
            if index < arguments.positional.count {
                scope.variables[parameter.name] = arguments.positional[index]
            } else if let given = arguments.named.first(where: { $0.0 == parameter.name }) {
                scope.variables[parameter.name] = given.1
            } else if let standard = parameter.standard {
                scope.variables[parameter.name] = try evaluate(standard, in: scope)
            } else {
                scope.variables[parameter.name] = .undefined("the parameter `\(parameter.name)`")
            }
        }
        return .string(try captured { _ = try run(definition.body, in: scope) })
    }
}
