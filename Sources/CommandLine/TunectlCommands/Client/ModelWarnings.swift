import JSONDocuments

extension CommandContext {
    /// Tells on stderr what an answer warns of; the same text once, however many answers carry it.
    func tellWarnings(of result: JSONValue) {
        for warning in result["warnings"]?.array ?? [] {
            guard let text = warning.string, toldWarnings.insert(text).inserted else { continue }
            say("warning: \(text)")
        }
    }
}
