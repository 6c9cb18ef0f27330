/// A regular expression of an adapter's configuration, always matched against a whole module path.
struct PathExpression {
    private let expression: Regex<AnyRegexOutput>

    private static let lengthLimit = 4096

    /// - Parameter suffix: whether any path that ends with the expression behind a dot matches too
    init(_ text: String, suffix: Bool = false) throws {
        guard text.utf8.count <= Self.lengthLimit else { throw AdapterError.badExpression("\(text.prefix(80))...") }
        do {
            expression = try Regex(suffix ? "(?:.*\\.)?(?:\(text))" : text)
        } catch {
            throw AdapterError.badExpression(text)
        }
    }

    func matches(_ path: String) throws -> Bool { try expression.wholeMatch(in: path) != nil }
}
