/// What may stand where the cursor is.
package struct Completion: Equatable, Sendable {
    /// The part of the word that is typed already.
    package let typed: String
    /// Whole words that go on from it, sorted.
    package let candidates: [String]

    package init(typed: String, candidates: [String]) {
        self.typed = typed
        self.candidates = Array(Set(candidates.filter { $0.hasPrefix(typed) })).sorted()
    }

    package static let none = Completion(typed: "", candidates: [])

    /// What can be typed for the person: up to where the candidates part, with a space after the only one.
    ///
    /// - Returns: nil when nothing fits
    package var insertion: String? {
        guard let first = candidates.first, let last = candidates.last else { return nil }
        if candidates.count == 1 {
            let rest = String(first.dropFirst(typed.count))
            return first.hasSuffix("/") || first.hasSuffix("=") ? rest : rest + " "
        }
        // Sorted words part earliest between the first and the last.
        let common = zip(first, last).prefix { $0 == $1 }.count
        return String(first.prefix(common).dropFirst(typed.count))
    }

    /// The candidates in columns, ended by a newline.
    package func listing(columns: Int) -> String {
        let shown = candidates.prefix(200)
        let width = (shown.map(\.count).max() ?? 0) + 2
        let perLine = max(1, (columns - 1) / width)
        var text = ""
        for (number, candidate) in shown.enumerated() {
            let isLast = (number + 1) % perLine == 0 || number == shown.count - 1
            text += isLast ? candidate + "\n" : candidate + String(repeating: " ", count: width - candidate.count)
        }
        if candidates.count > shown.count { text += "and \(candidates.count - shown.count) more\n" }
        return text
    }
}
