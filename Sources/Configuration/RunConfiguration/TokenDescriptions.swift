/// The file of `new_special_tokens_config`: new special tokens, each with a text that says what it stands for.
package struct TokenDescriptions: Equatable, Sendable {
    /// In the order of the file, in which the tokens get their ids.
    package let entries: [(token: String, description: String)]

    /// Reads a YAML or JSON mapping of texts.
    ///
    /// - Parameter name: the file's name for messages
    package init(yaml text: String, name: String) throws(ConfigurationError) {
        let parameter = Parameters.newSpecialTokensConfig.name
        guard let root = try YAMLDocument.parse(text, source: .file(name)) else {
            throw ConfigurationError(.missing(reason: "the file names no tokens"), parameter: parameter)
        }
        guard case .mapping(let nodes) = root.content, !nodes.isEmpty else {
            throw ConfigurationError(
                .wrongType(
                    expected: "tokens with their descriptions, one `token: text` a line", found: "\(root.value)"),
                parameter: parameter, place: root.place)
        }
        var entries: [(token: String, description: String)] = []
        for entry in nodes {
            guard let description = entry.node.text ?? entry.node.value.plainText, !entry.key.isEmpty else {
                throw ConfigurationError(
                    .wrongType(expected: "a text that describes the token", found: "\(entry.node.value)"),
                    parameter: entry.key, place: entry.node.place)
            }
            entries.append((entry.key, description))
        }
        self.entries = entries
    }

    package static func == (left: TokenDescriptions, right: TokenDescriptions) -> Bool {
        left.entries.elementsEqual(right.entries) { $0 == $1 }
    }
}

extension ConfigurationValue {
    fileprivate var plainText: String? { if case .string(let text) = self { text } else { nil } }
}
