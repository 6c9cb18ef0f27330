package import Tokenization

/// What fixing a tokenizer to a template changed.
package struct TokenizerChanges: Hashable, Sendable {
    /// Tokens that were not in the vocabulary; the model has no trained embedding for them.
    package var addedTokens: [String] = []
    package var replacedEndOfSequence = false

    /// What people should know before they train.
    package var warnings: [String] {
        guard !addedTokens.isEmpty else { return [] }
        let names = addedTokens.map { "`\($0)`" }.joined(separator: ", ")
        return [
            "the template needs tokens that the tokenizer does not have (\(names)): they were added; "
                + "use the template that belongs to the model, or set `resize_vocab: true` so that it learns them"
        ]
    }
}

extension ChatTemplate {
    /// Gives the tokenizer the end of sequence, padding, stop tokens and chat template that this template needs.
    package func fix(_ tokenizer: inout Tokenizer) throws -> TokenizerChanges {
        var changes = TokenizerChanges()
        var stopWords = stopWords[...]
        if replacesEndOfSequence {
            guard let first = stopWords.popFirst() else { throw ChatTemplateError.noStopWords(template: name) }
            if tokenizer.eosToken != first {
                changes.replacedEndOfSequence = tokenizer.eosToken != nil
                try tokenizer.assign(first, to: .eos, &changes)
            }
        }
        if tokenizer.eosToken == nil { try tokenizer.assign("<|endoftext|>", to: .eos, &changes) }
        if tokenizer.padToken == nil, let end = tokenizer.eosToken { try tokenizer.assign(end, to: .pad, &changes) }
        if !stopWords.isEmpty {
            changes.addedTokens += stopWords.filter { tokenizer.tokenID(of: $0) == nil }
            try tokenizer.addSpecialTokens(Array(stopWords))
        }
        if tokenizer.configuration.chatTemplate == nil || replacesChatTemplate,
            let template = jinjaTemplate(for: tokenizer)
        {
            tokenizer.setChatTemplate(template)
        }
        return changes
    }

    /// The ids that end an answer: the end of sequence and every stop word.
    package func stopTokenIDs(of tokenizer: Tokenizer) -> [Int32] {
        var ids: [Int32] = []
        for id in [tokenizer.eosTokenID] + stopWords.map({ tokenizer.tokenID(of: $0) }) {
            if let id, !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}

extension Tokenizer {
    fileprivate mutating func assign(
        _ token: String, to role: TokenizerConfiguration.Role, _ changes: inout TokenizerChanges
    ) throws {
        if try setToken(token, for: role) { changes.addedTokens.append(token) }
    }
}
