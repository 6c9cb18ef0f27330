package import JSONDocuments

/// Makes values that a schema allows.
package struct SchemaSamples {
    private let document: JSONValue

    package init(document: JSONValue) { self.document = document }

    /// A value of `schema`: with every member, or only with the required ones.
    package func sample(_ schema: JSONValue, complete: Bool) -> JSONValue {
        if let reference = schema["$ref"]?.string {
            let name = String(reference.split(separator: "/").last ?? "")
            return sample(document["components"]?["schemas"]?[name] ?? [:], complete: complete)
        }
        if let first = schema["enum"]?[0] { return first }
        switch schema["type"]?.string ?? schema["type"]?[0]?.string {
        case "string": return "text"
        case "integer": return 1
        case "number": return 0.5
        case "boolean": return true
        case "array": return complete ? [sample(schema["items"] ?? [:], complete: true)] : []
        case "object":
            let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
            var object = JSONObject()
            for (name, member) in schema["properties"]?.object ?? [:] where complete || required.contains(name) {
                object[name] = sample(member, complete: complete)
            }
            if complete, let more = schema["additionalProperties"], more.object != nil {
                object["more"] = sample(more, complete: true)
            }
            return .object(object)
        default: return "anything"
        }
    }
}
