import JSONDocuments

/// Which special tokens surround an encoded text.
package indirect enum PostProcessor: Sendable {
    /// Changes nothing about ids.
    case none
    case surround(before: [Int32], after: [Int32])
    /// Ids and places of the text itself (nil), in order.
    case template([Int32?])
    case sequence([PostProcessor])

    init(_ node: TokenizerNode) throws {
        try node.requireObject()
        let type = try node.string("type")
        switch type {
        case "ByteLevel": self = .none
        case "BertProcessing", "RobertaProcessing":
            self = .surround(before: [try Self.tokenID(node, "cls")], after: [try Self.tokenID(node, "sep")])
        case "TemplateProcessing": self = .template(try Self.template(node))
        case "Sequence": self = .sequence(try node.elements("processors").map(PostProcessor.init))
        default:
            throw TokenizerError.unsupported(
                kind: "post-processor", name: type,
                hint: "ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing and Sequence are")
        }
    }

    /// `["[CLS]", 101]`
    private static func tokenID(_ node: TokenizerNode, _ key: String) throws -> Int32 {
        let pair = try node.elements(key)
        guard pair.count == 2, let text = pair[0].element.string, let id = pair[1].element.integer else {
            throw try node.member(key).malformed(expected: "a token and its id")
        }
        return try Vocabulary.identifier(id, of: text)
    }

    private static func template(_ node: TokenizerNode) throws -> [Int32?] {
        var result: [Int32?] = []
        for item in try node.elements("single") {
            if item.element["Sequence"] != nil {
                result.append(nil)
            } else if let special = item.optional("SpecialToken") {
                let name = try special.string("id")
                let entry = try node.member("special_tokens").member(name)
                for identifier in try entry.elements("ids") {
                    guard let number = identifier.element.integer else {
                        throw identifier.malformed(expected: "an integer")
                    }
                    result.append(try Vocabulary.identifier(number, of: name))
                }
            } else {
                throw item.malformed(expected: "an object with 'Sequence' or 'SpecialToken'")
            }
        }
        return result
    }

    /// The ids with special tokens added.
    package func adding(to identifiers: [Int32]) -> [Int32] {
        switch self {
        case .none: return identifiers
        case .surround(let before, let after): return before + identifiers + after
        case .template(let places):
            var result: [Int32] = []
            result.reserveCapacity(identifiers.count + places.count)
            for place in places {
                if let place { result.append(place) } else { result.append(contentsOf: identifiers) }
            }
            return result
        case .sequence(let steps): return steps.reduce(identifiers) { $1.adding(to: $0) }
        }
    }
}
