extension JinjaParser {
    /// An expression, or several with commas between them as a list.
    mutating func parseTuple(withConditional: Bool = true) throws -> Expression {
        let first = withConditional ? try parseExpression() : try nested { try $0.parseOr() }
        guard isNext(",") else { return first }
        var parts = [first]
        while skip(",") {
            if kind == .endOutput || kind == .endBlock || isNext(")") { break }
            parts.append(withConditional ? try parseExpression() : try nested { try $0.parseOr() })
        }
        return try make(.list(parts), of: parts)
    }

    mutating func parseExpression() throws -> Expression {
        try nested { parser in
            var value = try parser.parseOr()
            while parser.skip(word: "if") {
                let condition = try parser.parseOr()
                let otherwise = parser.skip(word: "else") ? try parser.parseExpression() : nil
                value = try parser.make(
                    .conditional(condition, then: value, otherwise: otherwise), of: [condition, value, otherwise])
            }
            return value
        }
    }

    mutating func parseOr() throws -> Expression {
        var left = try parseAnd()
        while skip(word: "or") {
            let right = try parseAnd()
            left = try make(.or(left, right), of: [left, right])
        }
        return left
    }

    private mutating func parseAnd() throws -> Expression {
        var left = try parseNot()
        while skip(word: "and") {
            let right = try parseNot()
            left = try make(.and(left, right), of: [left, right])
        }
        return left
    }

    private mutating func parseNot() throws -> Expression {
        guard skip(word: "not") else { return try parseComparison() }
        return try nested { parser in
            let operand = try parser.parseNot()
            return try parser.make(.negation(operand), of: [operand])
        }
    }

    private mutating func parseComparison() throws -> Expression {
        let first = try parseSum()
        var others: [(Comparison, Expression)] = []
        while let comparison = takeComparison() { others.append((comparison, try parseSum())) }
        return others.isEmpty
            ? first : try make(.comparison(first, others), of: [first] + others.map(\.1))
    }

    private mutating func takeComparison() -> Comparison? {
        switch kind {
        case .symbol(let symbol):
            guard let comparison = Comparison(rawValue: symbol) else { return nil }
            position += 1
            return comparison
        case .name("in"):
            position += 1
            return .isIn
        case .name("not"):
            guard position + 1 < tokens.count, tokens[position + 1].kind == .name("in") else { return nil }
            position += 2
            return .isNotIn
        default: return nil
        }
    }

    private mutating func take(_ operators: [Operator]) -> Operator? {
        guard case .symbol(let symbol) = kind, let found = operators.first(where: { $0.rawValue == symbol }) else {
            return nil
        }
        position += 1
        return found
    }

    private mutating func parseSum() throws -> Expression {
        var left = try parseConcatenation()
        while let sign = take([.plus, .minus]) {
            let right = try parseConcatenation()
            left = try make(.binary(left, sign, right), of: [left, right])
        }
        return left
    }

    private mutating func parseConcatenation() throws -> Expression {
        var parts = [try parseProduct()]
        while skip("~") { parts.append(try parseProduct()) }
        return parts.count == 1 ? parts[0] : try make(.concatenation(parts), of: parts)
    }

    private mutating func parseProduct() throws -> Expression {
        var left = try parsePower()
        while let sign = take([.times, .dividedBy, .wholeDividedBy, .modulo]) {
            let right = try parsePower()
            left = try make(.binary(left, sign, right), of: [left, right])
        }
        return left
    }

    private mutating func parsePower() throws -> Expression {
        var left = try parseUnary(withFilter: true)
        while let sign = take([.power]) {
            let right = try parseUnary(withFilter: true)
            left = try make(.binary(left, sign, right), of: [left, right])
        }
        return left
    }

    private mutating func parseUnary(withFilter: Bool) throws -> Expression {
        var value: Expression
        if let sign = take([.plus, .minus]) {
            value = try nested { parser in
                let operand = try parser.parseUnary(withFilter: false)
                return try parser.make(.sign(operand, isMinus: sign == .minus), of: [operand])
            }
        } else {
            value = try parsePrimary()
        }
        value = try parsePostfix(of: value)
        return withFilter ? try parseFiltersAndTests(of: value) : value
    }

    private mutating func parsePrimary() throws -> Expression {
        let token = kind
        position += 1
        switch token {
        case .name(let name):
            switch name {
            case "true", "True": return try make(.literal(.bool(true)))
            case "false", "False": return try make(.literal(.bool(false)))
            case "none", "None": return try make(.literal(.none))
            default: return try make(.name(name))
            }
        case .string(var text):
            while case .string(let more) = kind {
                text += more
                position += 1
            }
            return try make(.literal(.string(text)))
        case .integer(let value): return try make(.literal(.integer(value)))
        case .float(let value): return try make(.literal(.float(value)))
        case .symbol("("):
            return try nested { parser in
                if parser.skip(")") { return try parser.make(.list([])) }
                let value = try parser.parseTuple()
                try parser.expect(")")
                return value
            }
        case .symbol("["): return try nested { try $0.parseList() }
        case .symbol("{"): return try nested { try $0.parseDictionary() }
        default:
            position -= 1
            throw failure("a value is expected")
        }
    }

    private mutating func parseList() throws -> Expression {
        var elements: [Expression] = []
        while !skip("]") {
            if !elements.isEmpty { try expect(",") }
            if skip("]") { break }
            elements.append(try parseExpression())
        }
        return try make(.list(elements), of: elements)
    }

    private mutating func parseDictionary() throws -> Expression {
        var members: [(Expression, Expression)] = []
        while !skip("}") {
            if !members.isEmpty { try expect(",") }
            if skip("}") { break }
            let key = try parseExpression()
            try expect(":")
            members.append((key, try parseExpression()))
        }
        return try make(.dictionary(members), of: members.flatMap { [$0.0, $0.1] })
    }

    // MARK: - Behind a value

    private mutating func parsePostfix(of value: Expression) throws -> Expression {
        var value = value
        while true {
            let line = line
            if skip(".") {
                switch kind {
                case .name(let name):
                    position += 1
                    value = try make(.attribute(value, name), of: [value], line: line)
                case .integer(let index):
                    position += 1
                    let index = try make(.literal(.integer(index)))
                    value = try make(.item(value, index), of: [value, index], line: line)
                default: throw failure("a name is expected behind `.`")
                }
            } else if skip("[") {
                value = try nested { try $0.parseSubscript(of: value) }
            } else if skip("(") {
                let arguments = try nested { try $0.parseArguments() }
                value = try make(.call(value, arguments), of: [value] + arguments.expressions, line: line)
            } else {
                return value
            }
        }
    }

    private mutating func parseSubscript(of value: Expression) throws -> Expression {
        var bounds: [Expression?] = [nil]
        if !isNext(":") { bounds[0] = try parseExpression() }
        while bounds.count < 3, skip(":") {
            bounds.append(isNext(":") || isNext("]") ? nil : try parseExpression())
        }
        try expect("]")
        if bounds.count == 1, let index = bounds[0] { return try make(.item(value, index), of: [value, index]) }
        bounds += [nil, nil]
        return try make(.slice(value, bounds[0], bounds[1], bounds[2]), of: [value] + bounds)
    }

    /// What follows an opening bracket, up to and with the closing one.
    private mutating func parseArguments() throws -> Arguments {
        var arguments = Arguments()
        var isFirst = true
        while !skip(")") {
            if !isFirst { try expect(",") }
            isFirst = false
            if skip(")") { break }
            if isNext("*") || isNext("**") {
                throw JinjaError.notSupported(line: line, what: "arguments with `*`")
            }
            if case .name(let name) = kind, position + 1 < tokens.count, tokens[position + 1].kind == .symbol("=") {
                position += 2
                arguments.named.append((name, try parseExpression()))
            } else {
                guard arguments.named.isEmpty else {
                    throw failure("an argument without a name follows one with a name")
                }
                arguments.positional.append(try parseExpression())
            }
        }
        return arguments
    }

    private mutating func parseFiltersAndTests(of value: Expression) throws -> Expression {
        var value = value
        while true {
            if isNext("|") {
                value = try parseFilterChain(of: value, startsWithBar: true)
            } else if skip(word: "is") {
                value = try parseTest(of: value)
            } else if skip("(") {
                let arguments = try nested { try $0.parseArguments() }
                value = try make(.call(value, arguments), of: [value] + arguments.expressions)
            } else {
                return value
            }
        }
    }

    /// One filter behind the other; without an operand the first stands alone, as in `{% filter upper %}`.
    mutating func parseFilterChain(of operand: Expression?, startsWithBar: Bool = false) throws -> Expression {
        var value = operand
        var needsBar = startsWithBar
        while !needsBar || skip("|") {
            needsBar = true
            var name = try expectName()
            while skip(".") { name += "." + (try expectName()) }
            let arguments = skip("(") ? try nested { try $0.parseArguments() } : Arguments()
            guard JinjaFilters.names.contains(name) else {
                throw JinjaError.notSupported(line: line, what: "the filter `\(name)`")
            }
            value = try make(.filter(value, name, arguments), of: [value] + arguments.expressions)
        }
        guard let value else { throw failure("a filter is expected") }
        return value
    }

    private mutating func parseTest(of value: Expression) throws -> Expression {
        let isNegated = skip(word: "not")
        let name = try expectName()
        var arguments: [Expression] = []
        if skip("(") {
            arguments = try nested { try $0.parseArguments() }.positional
        } else if startsValue {
            let primary = try parsePrimary()
            arguments = [try parsePostfix(of: primary)]
        }
        guard JinjaTests.names.contains(name) else {
            throw JinjaError.notSupported(line: line, what: "the test `\(name)`")
        }
        let test = try make(.test(value, name, arguments), of: [value] + arguments)
        return isNegated ? try make(.negation(test), of: [test]) : test
    }

    /// Whether the argument of a test comes next.
    private var startsValue: Bool {
        switch kind {
        case .name(let name): !["else", "or", "and", "is", "if", "not", "in"].contains(name)
        case .string, .integer, .float, .symbol("["), .symbol("{"): true
        default: false
        }
    }
}

extension Arguments {
    var expressions: [Expression] { positional + named.map(\.1) }
}
