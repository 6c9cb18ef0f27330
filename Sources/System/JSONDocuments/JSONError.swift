/// Why a JSON text was refused, with the place where reading stopped.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case tooLarge(bytes: Int, limit: Int)
        case tooDeep(limit: Int)
        case duplicateKey(String)
        case syntax(String)
    }

    package var reason: Reason
    /// One-based; zero when the whole text is meant.
    package var line: Int
    /// One-based, in characters; zero when the whole text is meant.
    package var column: Int

    package init(_ reason: Reason, line: Int = 0, column: Int = 0) {
        self.reason = reason
        self.line = line
        self.column = column
    }

    package var description: String {
        let place = line > 0 ? " at line \(line), column \(column)" : ""
        switch reason {
        case .tooLarge(let bytes, let limit):
            return "JSON text of \(bytes) bytes is larger than the \(limit) bytes allowed here"
        case .tooDeep(let limit):
            return "JSON text is nested deeper than the \(limit) levels allowed here\(place)"
        case .duplicateKey(let detail):
            return "invalid JSON\(place): the same key is given twice in one object (\(detail))"
        case .syntax(let detail):
            return "invalid JSON\(place): \(detail)"
        }
    }
}

/// Bounds that are checked before a text is parsed.
package struct JSONLimits: Equatable, Sendable {
    package var maximumBytes: Int
    package var maximumDepth: Int

    package init(maximumBytes: Int, maximumDepth: Int) {
        self.maximumBytes = maximumBytes
        // The parser underneath recurses and stops at 2048 by itself.
        self.maximumDepth = min(maximumDepth, 2000)
    }

    /// For files of a model or a data set: 1 GiB, 512 levels.
    package static let `default` = JSONLimits(maximumBytes: 1 << 30, maximumDepth: 512)
}
