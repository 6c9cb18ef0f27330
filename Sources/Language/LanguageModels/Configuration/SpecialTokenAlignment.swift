import JSONDocuments

/// The ids that a tokenizer gives to the ends of a text and to padding.
package struct SpecialTokenIDs: Equatable, Sendable {
    package var begin: Int32?
    package var end: Int32?
    package var padding: Int32?

    package init(begin: Int32?, end: Int32?, padding: Int32?) {
        self.begin = begin
        self.end = end
        self.padding = padding
    }

    /// Makes a model's files speak of these tokens, so that whoever loads it stops where its answers were taught to
    /// end: transformers' `align_special_tokens`.
    ///
    /// What ended a text before ends it still. The row of the embedding that is never trained stays the one that the
    /// weights were made with.
    /// - Returns: what has changed, as `key: value`
    package func align(_ configuration: inout ModelConfiguration, _ generation: inout GenerationDefaults) -> [String] {
        var changes: [String] = []
        func set(_ key: String, _ value: JSONValue?, inGeneration other: JSONValue?) {
            configuration.source[key] = value ?? .null
            // An empty one is written from what is read of it.
            if !generation.source.isEmpty { generation.source[key] = other }
            changes.append("\(key): \((other ?? .null).serialized(.spaced))")
        }
        func json(_ token: Int32?) -> JSONValue? { token.map { .integer(Int64($0)) } }
        if let end, configuration.endTokens != [end] || !generation.endTokens.contains(end) {
            generation.endTokens = [end] + generation.endTokens.filter { $0 != end }
            configuration.endTokens = [end]
            set("eos_token_id", json(end), inGeneration: .array(generation.endTokens.compactMap(json)))
        }
        if begin != configuration.beginToken || begin != generation.beginToken {
            (configuration.beginToken, generation.beginToken) = (begin, begin)
            set("bos_token_id", json(begin), inGeneration: json(begin))
        }
        if padding != configuration.paddingToken || padding != generation.paddingToken {
            generation.paddingToken = padding
            set("pad_token_id", json(padding), inGeneration: json(padding))
        }
        return changes
    }
}
