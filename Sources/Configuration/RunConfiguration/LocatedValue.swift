/// A value of a document with the keys that lead to it, for files that have a table of their own.
package struct LocatedValue: Sendable, Equatable {
    package let keys: [String]
    package let value: ConfigurationValue
    /// Where the last key stands.
    package let place: ConfigurationPlace

    /// The scalars and lists of a YAML document in their order; mappings are walked through, empty ones are values.
    package static func all(yaml text: String, name: String) throws(ConfigurationError) -> [LocatedValue] {
        guard let root = try YAMLDocument.parse(text, source: .file(name)) else { return [] }
        return leaves(of: root, keys: [], place: root.place)
    }

    private static func leaves(
        of node: ConfigurationNode, keys: [String], place: ConfigurationPlace
    ) -> [LocatedValue] {
        guard case .mapping(let entries) = node.content, !entries.isEmpty else {
            return [LocatedValue(keys: keys, value: node.value, place: place)]
        }
        return entries.flatMap { leaves(of: $0.node, keys: keys + [$0.key], place: $0.keyPlace) }
    }
}
