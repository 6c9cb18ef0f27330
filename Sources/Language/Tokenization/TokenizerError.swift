/// Why a tokenizer could not be read, used or saved.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    case missingFile(path: String)
    case unreadable(path: String, reason: String)
    case invalidJSON(file: String, reason: String)
    /// A member is absent or of another type; `path` names it from the root of the file.
    case malformed(file: String, path: String, expected: String, found: String)
    case unsupported(kind: String, name: String, hint: String)
    case mergeOutsideVocabulary(index: Int, token: String)
    case unknownTokenOutsideVocabulary(String)
    case identifierOutOfRange(token: String, identifier: Int64)
    /// A token that a file gives an id which it cannot have.
    case wrongIdentifier(token: String, listed: Int32, found: Int32, file: String)
    case invalidPattern(pattern: String, reason: String, offset: Int)
    case patternTooExpensive(pattern: String)
    case tokenTooLong(bytes: Int, limit: Int)
    case tokenNotInVocabulary(String)
    case normalizationFailed(reason: String)

    package var description: String {
        switch self {
        case .missingFile(let path):
            "there is no \(path); a tokenizer needs tokenizer.json as Hugging Face writes it"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .invalidJSON(let file, let reason): "\(file): \(reason)"
        case .malformed(let file, let path, let expected, let found):
            "\(file): '\(path)' should be \(expected), but is \(found)"
        case .unsupported(let kind, let name, let hint):
            "the \(kind) '\(name)' is not available yet\(hint.isEmpty ? "" : "; \(hint)")"
        case .mergeOutsideVocabulary(let index, let token):
            "merge \(index + 1) of tokenizer.json needs the token '\(token)', which the vocabulary does not have"
        case .unknownTokenOutsideVocabulary(let token):
            "the unknown token '\(token)' is not in the vocabulary"
        case .identifierOutOfRange(let token, let identifier):
            "token '\(token)' has the id \(identifier); ids lie between 0 and \(Vocabulary.largestIdentifier)"
        case .wrongIdentifier(let token, let listed, let found, let file):
            "\(file) gives the token '\(token)' the id \(listed), but tokenizer.json does not have it and the next "
                + "free id is \(found); add it to 'added_tokens' of tokenizer.json"
        case .invalidPattern(let pattern, let reason, let offset):
            "the pattern '\(pattern)' cannot be used: \(reason) (at offset \(offset))"
        case .patternTooExpensive(let pattern):
            "matching the pattern '\(pattern)' takes too long on this text; the pattern backtracks without bound"
        case .tokenTooLong(let bytes, let limit):
            "an added token has \(bytes) bytes; \(limit) are allowed"
        case .tokenNotInVocabulary(let token): "the token '\(token)' is not in the vocabulary"
        case .normalizationFailed(let reason): "Unicode normalization failed: \(reason)"
        }
    }
}
