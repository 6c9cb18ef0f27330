/// Makes statements and expressions of tokens.
struct JinjaParser {
    var tokens: [JinjaToken]
    var position = 0
    /// Brackets, operators of one operand and blocks that are open.
    private var nesting = 0
    private var loops = 0

    private static let maximumNesting = 64
    private static let maximumDepth = 300

    init(_ text: String) throws {
        tokens = try JinjaLexer.tokens(of: text)
    }

    /// The statements of a whole template.
    static func statements(of text: String) throws -> [Statement] {
        var parser = try JinjaParser(text)
        let statements = try parser.parseStatements(until: [])
        guard parser.kind == .end else { throw parser.failure("`\(parser.blockName ?? "%}")` closes nothing") }
        return statements
    }

    // MARK: - Tokens

    var kind: JinjaToken.Kind { position < tokens.count ? tokens[position].kind : .end }
    var line: Int { position < tokens.count ? tokens[position].line : tokens.last?.line ?? 1 }

    func failure(_ reason: String) -> JinjaError { .syntax(line: line, reason: reason) }

    func isNext(_ symbol: String) -> Bool { kind == .symbol(symbol) }
    func isNext(word: String) -> Bool { kind == .name(word) }

    mutating func skip(_ symbol: String) -> Bool {
        guard isNext(symbol) else { return false }
        position += 1
        return true
    }

    mutating func skip(word: String) -> Bool {
        guard isNext(word: word) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ symbol: String) throws {
        guard skip(symbol) else { throw failure("`\(symbol)` is expected") }
    }

    mutating func expect(word: String) throws {
        guard skip(word: word) else { throw failure("`\(word)` is expected") }
    }

    mutating func expectName() throws -> String {
        guard case .name(let name) = kind else { throw failure("a name is expected") }
        position += 1
        return name
    }

    /// Runs a part of the grammar that may contain itself.
    mutating func nested<Value>(_ body: (inout Self) throws -> Value) throws -> Value {
        guard nesting < Self.maximumNesting else { throw JinjaError.tooDeep(limit: Self.maximumNesting) }
        nesting += 1
        defer { nesting -= 1 }
        return try body(&self)
    }

    func make(_ kind: Expression.Kind, of parts: [Expression?] = [], line: Int? = nil) throws -> Expression {
        let depth = 1 + (parts.compactMap { $0?.depth }.max() ?? 0)
        guard depth <= Self.maximumDepth else { throw JinjaError.tooDeep(limit: Self.maximumDepth) }
        return Expression(kind, depth: depth, line: line ?? self.line)
    }

    // MARK: - Statements

    /// The word that the block coming next begins with.
    var blockName: String? {
        guard kind == .beginBlock, position + 1 < tokens.count, case .name(let name) = tokens[position + 1].kind else {
            return nil
        }
        return name
    }

    /// Statements up to a block that begins with one of these words, which is left where it is.
    mutating func parseStatements(until ends: Set<String>) throws -> [Statement] {
        var statements: [Statement] = []
        while true {
            switch kind {
            case .end:
                guard ends.isEmpty else {
                    throw failure("`{% \(ends.sorted().joined(separator: "` or `")) %}` is missing")
                }
                return statements
            case .text(let text):
                position += 1
                statements.append(.text(text))
            case .beginOutput:
                position += 1
                statements.append(.output(try parseTuple()))
                guard kind == .endOutput else { throw failure("`}}` is expected") }
                position += 1
            case .beginBlock:
                if let blockName, ends.contains(blockName) { return statements }
                guard !(blockName.map(Self.closers.contains) ?? false) else {
                    if ends.isEmpty { return statements }
                    throw failure("`{% \(blockName ?? "") %}` does not close the block that is open")
                }
                statements.append(try nested { try $0.parseBlock() })
            default: throw failure("a text or a tag is expected")
            }
        }
    }

    private static let closers: Set<String> = [
        "endfor", "endif", "else", "elif", "endset", "endmacro", "endcall", "endfilter", "endgeneration",
    ]

    private mutating func parseBlock() throws -> Statement {
        let name = blockName ?? ""
        position += 1
        guard !name.isEmpty else { throw failure("the name of a statement is expected") }
        position += 1
        switch name {
        case "for": return try parseFor()
        case "if": return try parseIf()
        case "set": return try parseSet()
        case "macro": return try parseMacro()
        case "call": return try parseCall()
        case "filter":
            let filters = try parseFilterChain(of: nil)
            try endBlock()
            return .filtered(filters, try parseBody(of: "filter"))
        case "generation":
            // Marks what a model is to learn; what is rendered stays the same.
            try endBlock()
            return .group(try parseBody(of: "generation"))
        case "break", "continue":
            guard loops > 0 else { throw failure("`\(name)` stands outside of a loop") }
            try endBlock()
            return name == "break" ? .breakLoop : .continueLoop
        default: throw JinjaError.notSupported(line: line, what: "the statement `\(name)`")
        }
    }

    private mutating func endBlock() throws {
        guard kind == .endBlock else { throw failure("`%}` is expected") }
        position += 1
    }

    /// Statements up to the end of a block, which is passed.
    private mutating func parseBody(of name: String) throws -> [Statement] {
        let body = try parseStatements(until: ["end\(name)"])
        position += 2
        try endBlock()
        return body
    }

    private mutating func parseFor() throws -> Statement {
        let target = try parseTargets()
        try expect(word: "in")
        let values = try parseTuple(withConditional: false)
        let condition = skip(word: "if") ? try parseExpression() : nil
        if isNext(word: "recursive") { throw JinjaError.notSupported(line: line, what: "`recursive` loops") }
        try endBlock()
        loops += 1
        let body = try parseStatements(until: ["endfor", "else"])
        loops -= 1
        position += 1
        var otherwise: [Statement] = []
        if skip(word: "else") {
            try endBlock()
            otherwise = try parseBody(of: "for")
        } else {
            position += 1
            try endBlock()
        }
        return .loop(
            ForLoop(target: target, values: values, condition: condition, body: body, otherwise: otherwise))
    }

    private mutating func parseIf() throws -> Statement {
        var branches: [(Expression, [Statement])] = []
        var otherwise: [Statement] = []
        while true {
            let condition = try parseTuple()
            try endBlock()
            branches.append((condition, try parseStatements(until: ["elif", "else", "endif"])))
            position += 1
            if skip(word: "elif") { continue }
            if skip(word: "else") {
                try endBlock()
                otherwise = try parseBody(of: "if")
            } else {
                position += 1
                try endBlock()
            }
            return .branches(branches, otherwise: otherwise)
        }
    }

    private mutating func parseSet() throws -> Statement {
        var target = try parseTargets()
        if case .names(let names, false) = target, names.count == 1, skip(".") {
            target = .member(of: names[0], try expectName())
        }
        if skip("=") {
            let value = try parseTuple()
            try endBlock()
            return .assignment(target, value)
        }
        let filter = isNext("|") ? try parseFilterChain(of: nil, startsWithBar: true) : nil
        try endBlock()
        return .blockAssignment(target, filter: filter, try parseBody(of: "set"))
    }

    private mutating func parseTargets() throws -> AssignmentTarget {
        let isBracketed = skip("(")
        var names = [try expectName()]
        var isTuple = false
        while skip(",") {
            isTuple = true
            guard case .name(let name) = kind, name != "in" else { break }
            names.append(try expectName())
        }
        if isBracketed { try expect(")") }
        return .names(names, isTuple: isTuple)
    }

    private mutating func parseMacro() throws -> Statement {
        let name = try expectName()
        let parameters = try parseParameters()
        try endBlock()
        return .macro(MacroDefinition(name: name, parameters: parameters, body: try parseOuterBody(of: "macro")))
    }

    private mutating func parseCall() throws -> Statement {
        let parameters = isNext("(") ? try parseParameters() : []
        let call = try parseExpression()
        guard case .call(let function, let arguments) = call.kind else { throw failure("a call is expected") }
        try endBlock()
        return .call(
            function, arguments,
            MacroDefinition(
                name: "caller", parameters: parameters, body: try parseOuterBody(of: "call"), isCaller: true))
    }

    /// The body of something that a loop around it does not run.
    private mutating func parseOuterBody(of name: String) throws -> [Statement] {
        let around = loops
        loops = 0
        defer { loops = around }
        return try parseBody(of: name)
    }

    private mutating func parseParameters() throws -> [(name: String, standard: Expression?)] {
        try expect("(")
        var parameters: [(name: String, standard: Expression?)] = []
        while !skip(")") {
            if !parameters.isEmpty { try expect(",") }
            if skip(")") { break }
            let name = try expectName()
            parameters.append((name, skip("=") ? try parseExpression() : nil))
        }
        return parameters
    }
}
