import JSONDocuments
extension Tokenizer {
    package func token(for role: TokenizerConfiguration.Role) -> String? { configuration.tokens[role]?.content }

    package var bosToken: String? { token(for: .bos) }
    package var eosToken: String? { token(for: .eos) }
    package var padToken: String? { token(for: .pad) }
    package var unkToken: String? { token(for: .unk) }

    package var bosTokenID: Int32? { bosToken.flatMap(tokenID(of:)) }
    package var eosTokenID: Int32? { eosToken.flatMap(tokenID(of:)) }
    package var padTokenID: Int32? { padToken.flatMap(tokenID(of:)) }
    package var unkTokenID: Int32? { unkToken.flatMap(tokenID(of:)) }

    /// Special tokens that have no role such as end of text.
    package var additionalSpecialTokens: [String] { configuration.extraSpecialTokens.map(\.content) }

    /// Gives a token a role; it is added to the vocabulary if it is not there.
    ///
    /// - Returns: whether the vocabulary grew.
    @discardableResult
    package mutating func setToken(_ content: String, for role: TokenizerConfiguration.Role) throws -> Bool {
        let token = AddedToken(content: content, normalized: false, special: true)
        configuration.tokens[role] = token
        changedConfiguration = true
        let grew = try addSpecial([token])
        updateEnds()
        return grew > 0
    }

    /// Registers special tokens without a role, keeping those there are.
    ///
    /// - Returns: how many were new in the vocabulary.
    @discardableResult
    package mutating func addSpecialTokens(_ contents: [String]) throws -> Int {
        var known = Set(configuration.extraSpecialTokens.map { Array($0.content.utf8) })
        let tokens = contents.map { AddedToken(content: $0, normalized: false, special: true) }
        for token in tokens where known.insert(Array(token.content.utf8)).inserted {
            configuration.extraSpecialTokens.append(token)
            changedConfiguration = true
        }
        return try addSpecial(tokens)
    }

    /// Sets the chat template (Jinja source) that is saved with the tokenizer.
    package mutating func setChatTemplate(_ template: String?) {
        configuration.chatTemplate = template.map(TokenizerConfiguration.ChatTemplate.single)
        changedConfiguration = true
    }

    /// At which end of a text its padding stands, `left` or `right`, for programs that read the saved files.
    package mutating func setPaddingSide(_ side: String) {
        guard configuration.object["padding_side"]?.string != side else { return }
        configuration.object["padding_side"] = .string(side)
        changedConfiguration = true
    }

    /// A token that is special already keeps the flags it has.
    private mutating func addSpecial(_ tokens: [AddedToken]) throws -> Int {
        try addTokens(tokens.filter { !added.isSpecial(Array($0.content.utf8)) })
    }
}
