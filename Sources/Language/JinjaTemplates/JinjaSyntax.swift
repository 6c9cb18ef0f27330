/// An expression, with how deep its tree is so that walking it is bounded.
final class Expression: Sendable {
    indirect enum Kind: Sendable {
        case literal(Literal)
        case name(String)
        case list([Expression])
        case dictionary([(Expression, Expression)])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, Expression?, Expression?, Expression?)
        case call(Expression, Arguments)
        /// Without an operand the text of a block is filtered.
        case filter(Expression?, String, Arguments)
        case test(Expression, String, [Expression])
        case negation(Expression)
        case sign(Expression, isMinus: Bool)
        case binary(Expression, Operator, Expression)
        case comparison(Expression, [(Comparison, Expression)])
        case and(Expression, Expression)
        case or(Expression, Expression)
        case concatenation([Expression])
        case conditional(Expression, then: Expression, otherwise: Expression?)
    }

    let kind: Kind
    let depth: Int
    let line: Int

    init(_ kind: Kind, depth: Int, line: Int) {
        self.kind = kind
        self.depth = depth
        self.line = line
    }
}

/// A value that is written in the template.
enum Literal: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
}

enum Operator: String, Sendable {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case dividedBy = "/"
    case wholeDividedBy = "//"
    case modulo = "%"
    case power = "**"
}

enum Comparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"
}

/// What is passed to a function, filter or test.
struct Arguments: Sendable {
    var positional: [Expression] = []
    var named: [(String, Expression)] = []
}

/// Where a value is put.
enum AssignmentTarget: Sendable {
    case names([String], isTuple: Bool)
    case member(of: String, String)
}

struct MacroDefinition: Sendable {
    var name: String
    var parameters: [(name: String, standard: Expression?)]
    var body: [Statement]
    /// The value names of `caller` for blocks that are passed to a macro.
    var isCaller = false
}

struct ForLoop: Sendable {
    var target: AssignmentTarget
    var values: Expression
    var condition: Expression?
    var body: [Statement]
    var otherwise: [Statement]
}

indirect enum Statement: Sendable {
    case text(String)
    case output(Expression)
    case loop(ForLoop)
    case branches([(Expression, [Statement])], otherwise: [Statement])
    case assignment(AssignmentTarget, Expression)
    case blockAssignment(AssignmentTarget, filter: Expression?, [Statement])
    case macro(MacroDefinition)
    case call(Expression, Arguments, MacroDefinition)
    case filtered(Expression, [Statement])
    /// Statements without variables of their own.
    case group([Statement])
    case breakLoop
    case continueLoop
}
