package import JSONDocuments

/// The `id` of a request: a string, a number or null.
package enum RPCIdentifier: Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case null

    package init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .null: self = .null
        default: return nil
        }
    }

    package var value: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .null: .null
        }
    }
}
