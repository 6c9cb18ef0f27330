internal import PythonData

/// A value while a template is rendered.
enum JinjaValue {
    /// Something that is not there, with its name for messages.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case bigInteger(String)
    case float(Double)
    case string(String)
    case list(JinjaList)
    case dictionary(JinjaDictionary)
    case namespace(JinjaNamespace)
    case callable(JinjaCallable)
}

/// Nesting is bounded where values are put together, so that walking and freeing them cannot exhaust the stack.
private let maximumNesting = 200

/// Values in order.
struct JinjaList {
    let elements: [JinjaValue]
    let nesting: Int

    init(_ elements: [JinjaValue]) throws {
        self.elements = elements
        nesting = try nested(elements)
    }
}

/// Values under texts, in the order in which the texts were first set.
struct JinjaDictionary {
    let keys: [String]
    private let values: [PythonText: JinjaValue]
    let nesting: Int

    init(_ members: [(String, JinjaValue)]) throws {
        var keys: [String] = []
        var values: [PythonText: JinjaValue] = [:]
        for (key, value) in members {
            if values.updateValue(value, forKey: PythonText(key)) == nil { keys.append(key) }
        }
        self.keys = keys
        self.values = values
        nesting = try nested(members.map(\.1))
    }

    subscript(key: String) -> JinjaValue? { values[PythonText(key)] }

    var members: [(String, JinjaValue)] { keys.map { ($0, self[$0] ?? .none) } }
}

private func nested(_ values: [JinjaValue]) throws -> Int {
    var nesting = 0
    for value in values {
        switch value {
        case .list(let list): nesting = max(nesting, list.nesting)
        case .dictionary(let dictionary): nesting = max(nesting, dictionary.nesting)
        case .namespace, .callable:
            throw JinjaError.wrongUse("a function or a namespace cannot be part of another value")
        default: break
        }
    }
    guard nesting < maximumNesting else { throw JinjaError.tooDeep(limit: maximumNesting) }
    return nesting + 1
}

/// What `namespace()` makes: the one thing whose parts can be set.
final class JinjaNamespace {
    private(set) var members: [String: JinjaValue]
    /// The variable `loop`, which cannot be set.
    let isLoop: Bool

    init(_ members: [String: JinjaValue], isLoop: Bool = false) throws {
        self.members = members
        self.isLoop = isLoop
        _ = try nested(Array(members.values))
    }

    func set(_ name: String, to value: JinjaValue) throws {
        guard !isLoop else { throw JinjaError.wrongUse("`loop` cannot be changed") }
        _ = try nested([value])
        members[name] = value
    }
}

/// Something that can be called.
enum JinjaCallable {
    case global(String)
    case method(String, of: MethodReceiver)
    case macro(JinjaMacro)
}

/// The value whose method is called; boxed because values contain callables.
final class MethodReceiver {
    let value: JinjaValue

    init(_ value: JinjaValue) { self.value = value }
}

/// A macro with the variables of the place where it is written.
final class JinjaMacro {
    let definition: MacroDefinition
    let scope: JinjaScope

    init(definition: MacroDefinition, scope: JinjaScope) {
        self.definition = definition
        self.scope = scope
    }
}

/// Variables of a block, and those around it.
final class JinjaScope {
    var variables: [String: JinjaValue] = [:]
    let outer: JinjaScope?

    init(inside outer: JinjaScope?) { self.outer = outer }

    func value(of name: String) -> JinjaValue? {
        var scope: JinjaScope? = self
        while let current = scope {
            if let value = current.variables[name] { return value }
            scope = current.outer
        }
        return nil
    }
}

extension JinjaValue {
    init(_ value: PythonValue) throws {
        switch value {
        case .none: self = .none
        case .bool(let flag): self = .bool(flag)
        case .integer(let value): self = .integer(Int(value))
        case .bigInteger(let digits): self = .bigInteger(digits)
        case .float(let value): self = .float(value)
        case .string(let text): self = .string(text.value)
        case .list(let values): self = .list(try JinjaList(values.map { try JinjaValue($0) }))
        case .dictionary(let dictionary):
            self = .dictionary(try JinjaDictionary(dictionary.members.map { ($0.key, try JinjaValue($0.value)) }))
        }
    }

    static func values(_ values: [JinjaValue]) throws -> JinjaValue { .list(try JinjaList(values)) }

    var isTruthy: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let flag): flag
        case .integer(let value): value != 0
        case .bigInteger, .namespace, .callable: true
        case .float(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let list): !list.elements.isEmpty
        case .dictionary(let dictionary): !dictionary.keys.isEmpty
        }
    }

    /// The number that arithmetic takes it for; a boolean is one too.
    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .bool(let flag): flag ? 1 : 0
        default: nil
        }
    }

    var number: Double? {
        if case .float(let value) = self { return value }
        return integer.map(Double.init)
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    var kindName: String {
        switch self {
        case .undefined(let name): "\(name), which is undefined"
        case .none: "none"
        case .bool: "a boolean"
        case .integer, .bigInteger, .float: "a number"
        case .string: "a text"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .callable: "a function"
        }
    }
}
