// Searching and replacing by code units: a Swift `Character` may join a marker with what follows it ("\r\n").
extension String {
    /// Where `word` first occurs at or after `start`, in UTF-8.
    func firstOccurrence(of word: String, from start: Int = 0) -> Range<Int>? {
        let text = Array(utf8)
        let pattern = Array(word.utf8)
        guard !pattern.isEmpty, text.count >= pattern.count else { return nil }
        var position = start
        while position + pattern.count <= text.count {
            if text[position] == pattern[0], text[position..<position + pattern.count].elementsEqual(pattern) {
                return position..<position + pattern.count
            }
            position += 1
        }
        return nil
    }

    /// This text with the first occurrence of `word` replaced.
    func replacingFirst(_ word: String, with replacement: String) -> String {
        guard let range = firstOccurrence(of: word) else { return self }
        let text = Array(utf8)
        return String(decoding: text[..<range.lowerBound], as: UTF8.self) + replacement
            + String(decoding: text[range.upperBound...], as: UTF8.self)
    }

    /// The first and shortest piece between two words, without and with them.
    func firstSpan(from opening: String, to closing: String) -> (inner: String, whole: String)? {
        guard let begin = firstOccurrence(of: opening),
            let end = firstOccurrence(of: closing, from: begin.upperBound)
        else { return nil }
        let text = Array(utf8)
        return (
            String(decoding: text[begin.upperBound..<end.lowerBound], as: UTF8.self),
            String(decoding: text[begin.lowerBound..<end.upperBound], as: UTF8.self)
        )
    }

    /// This text without any occurrence of `word`.
    func removingAll(_ word: String) -> String {
        var kept: [UInt8] = []
        let text = Array(utf8)
        var position = 0
        while let range = firstOccurrence(of: word, from: position) {
            kept += text[position..<range.lowerBound]
            position = range.upperBound
        }
        return String(decoding: kept + text[position...], as: UTF8.self)
    }

    /// This text without every shortest span that begins with `opening` and ends with `closing`.
    func removingSpans(from opening: String, to closing: String) -> String {
        var kept: [UInt8] = []
        let text = Array(utf8)
        var position = 0
        while let begin = firstOccurrence(of: opening, from: position),
            let end = firstOccurrence(of: closing, from: begin.upperBound)
        {
            kept += text[position..<begin.lowerBound]
            position = end.upperBound
        }
        return String(decoding: kept + text[position...], as: UTF8.self)
    }

    /// This text without the newlines it begins with.
    var droppingLeadingNewlines: String {
        String(decoding: Array(utf8.drop { $0 == UInt8(ascii: "\n") }), as: UTF8.self)
    }

    /// This text without white space at either end.
    var trimmingWhitespace: String {
        let isSpace = { (unit: UInt8) in unit == 0x20 || (0x09...0x0D).contains(unit) }
        let text = Array(utf8.drop(while: isSpace))
        let end = text.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0
        return String(decoding: text[..<end], as: UTF8.self)
    }
}
