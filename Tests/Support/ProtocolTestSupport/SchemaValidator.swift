package import JSONDocuments

/// Holds values against JSON Schemas, as far as the published document uses them.
///
/// A keyword that it does not know is reported too, so that nothing passes unseen.
package struct SchemaValidator {
    private let document: JSONValue

    /// - Parameter document: what `$ref` refers to
    package init(document: JSONValue) { self.document = document }

    /// What is wrong with `value`, one line each, with the place.
    ///
    /// - Parameter isClosed: whether a member that the schema does not name is wrong
    package func problems(of value: JSONValue, with schema: JSONValue, at place: String = "$", isClosed: Bool = true)
        -> [String]
    {
        guard let keywords = schema.object else { return ["\(place): the schema is no object"] }
        if let reference = keywords["$ref"]?.string {
            guard let target = resolve(reference) else { return ["\(place): \(reference) leads nowhere"] }
            return problems(of: value, with: target, at: place, isClosed: isClosed)
        }
        var found: [String] = []
        for (keyword, rule) in keywords {
            switch keyword {
            case "type": found += typeProblems(value, rule, place)
            case "enum":
                if rule.array?.contains(value) != true { found.append("\(place): \(value) is not in \(rule)") }
            case "minimum":
                if let number = value.double, let least = rule.double, number < least {
                    found.append("\(place): \(number) is below \(least)")
                }
            case "maximum":
                if let number = value.double, let most = rule.double, number > most {
                    found.append("\(place): \(number) is above \(most)")
                }
            case "required":
                for name in rule.array ?? [] where value.object != nil && value[name.string ?? ""] == nil {
                    found.append("\(place): \(name) is missing")
                }
            case "items":
                for (index, element) in (value.array ?? []).enumerated() {
                    found += problems(of: element, with: rule, at: "\(place)[\(index)]", isClosed: isClosed)
                }
            case "properties":
                for (name, member) in value.object ?? [:] {
                    if let schema = rule[name] {
                        found += problems(of: member, with: schema, at: "\(place).\(name)", isClosed: isClosed)
                    } else if isClosed {
                        found.append("\(place): \(name) is not in the schema")
                    }
                }
            case "additionalProperties": found += additionalProblems(value, rule, keywords, place, isClosed)
            case "description", "default": continue
            default: found.append("\(place): the keyword \(keyword) is not known here")
            }
        }
        return found
    }

    private func additionalProblems(
        _ value: JSONValue, _ rule: JSONValue, _ keywords: JSONObject, _ place: String, _ isClosed: Bool
    ) -> [String] {
        let named = Set(keywords["properties"]?.object?.keys ?? [])
        return (value.object ?? [:]).filter { !named.contains($0.key) }.flatMap { name, member -> [String] in
            if rule.bool == false { return ["\(place): \(name) is not allowed"] }
            return rule.bool == true
                ? [] : problems(of: member, with: rule, at: "\(place).\(name)", isClosed: isClosed)
        }
    }

    private func typeProblems(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
        let allowed = rule.string.map { [$0] } ?? (rule.array ?? []).compactMap(\.string)
        let actual: [String] =
            switch value {
            case .null: ["null"]
            case .bool: ["boolean"]
            case .integer: ["integer", "number"]
            case .number: value.integer == nil ? ["number"] : ["number", "integer"]
            case .string: ["string"]
            case .array: ["array"]
            case .object: ["object"]
            }
        return allowed.contains(where: actual.contains) ? [] : ["\(place): \(value.kindName) instead of \(allowed)"]
    }

    private func resolve(_ reference: String) -> JSONValue? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(Optional(document)) { $0?[String($1)] }
    }
}
