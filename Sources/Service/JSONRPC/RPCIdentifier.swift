package import JSONDocuments

/// The `id` of a request: a string, a number or null.
package enum RPCIdentifier: Hashable, Codable, Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case null

    package init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        // A larger one may have lost digits on the way here, and the answer must carry the very same id.
        case .number(let number) where number.magnitude < 0x1p53: self = .number(number)
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

    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard let identifier = RPCIdentifier(value) else {
            throw DecodingError.typeMismatch(
                RPCIdentifier.self,
                .init(codingPath: decoder.codingPath, debugDescription: "expected a string, a number or null"))
        }
        self = identifier
    }

    package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
