// Tokens that the files beside tokenizer.json declare, taken in as transformers 4.57 and 5.6 both do.
extension Tokenizer {
    /// Tokens listed by id come first, smallest id first, and their flags replace those of tokenizer.json; then those
    /// that have a role or are special, as far as nobody has listed them.
    ///
    /// - Parameter own: the added tokens of tokenizer.json
    /// - Throws: `TokenizerError.wrongIdentifier` for a token that does not get the id that its file gives it
    mutating func addDeclaredTokens(own: [(identifier: Int32, token: AddedToken)]) throws {
        let named = Set(configuration.namedTokens.map { Array($0.content.utf8) })
        let listed =
            configuration.listsTokens
            ? configuration.listedTokens : Self.replacing(configuration.listedTokens, with: own)
        let known = Set(listed.map { Array($0.token.content.utf8) }.filter { tokenID(ofBytes: $0) != nil })
        var changes = try added.add(
            listed.map { Self.special($0.token, named.contains(Array($0.token.content.utf8))) }, model.vocabulary,
            normalizer)
        for (identifier, token) in configuration.listedTokens {
            let content = Array(token.content.utf8)
            guard let found = tokenID(ofBytes: content), found != identifier else { continue }
            guard known.contains(content) else {
                throw TokenizerError.wrongIdentifier(
                    token: token.content, listed: identifier, found: found, file: configuration.listingFile)
            }
            warnings.append(
                "\(configuration.listingFile) gives the token '\(token.content)' the id \(identifier), tokenizer.json "
                    + "gives it \(found), which holds")
        }
        let others = configuration.namedTokens + configuration.extraSpecialTokens
        changes += try added.add(
            others.filter { added.identifier(of: Array($0.content.utf8)) == nil }.map { Self.special($0, true) },
            model.vocabulary, normalizer)
        needsCompanions = changes > 0
    }

    /// Tokens by id, where tokenizer.json has the last word about an id.
    private static func replacing(
        _ listed: [(identifier: Int32, token: AddedToken)], with own: [(identifier: Int32, token: AddedToken)]
    ) -> [(identifier: Int32, token: AddedToken)] {
        let taken = Set(own.map(\.identifier))
        return (listed.filter { !taken.contains($0.identifier) } + own).sorted { $0.identifier < $1.identifier }
    }

    private static func special(_ token: AddedToken, _ isSpecial: Bool) -> AddedToken {
        var token = token
        if isSpecial { token.special = true }
        return token
    }
}
