internal import PythonData

/// A text read from left to right by code points.
struct TextScanner {
    let text: [Unicode.Scalar]
    var position = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    var isAtEnd: Bool { position >= text.count }
    var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    func string(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text[range])
        return String(view)
    }

    /// Whether `word` stands at a place.
    func stands(_ word: String, at place: Int) -> Bool {
        var place = place
        for scalar in word.unicodeScalars {
            guard place < text.count, text[place] == scalar else { return false }
            place += 1
        }
        return true
    }

    /// Where `word` first stands at or after a place.
    func find(_ word: String, from place: Int) -> Int? {
        guard let first = word.unicodeScalars.first else { return place }
        var place = place
        while place < text.count {
            if text[place] == first, stands(word, at: place) { return place }
            place += 1
        }
        return nil
    }

    func end(ofBlanksFrom place: Int) -> Int {
        var place = place
        while place < text.count, text[place].isPythonSpace { place += 1 }
        return place
    }

    mutating func skipBlanks() { position = end(ofBlanksFrom: position) }

    /// Goes past `word` if it comes next.
    mutating func skip(_ word: String) -> Bool {
        guard stands(word, at: position) else { return false }
        position += word.unicodeScalars.count
        return true
    }

    /// Goes past everything that fits, and returns it.
    mutating func take(while fits: (Unicode.Scalar) -> Bool) -> String {
        let start = position
        while let scalar = next, fits(scalar) { position += 1 }
        return string(start..<position)
    }

    /// Goes past the next `word`, and returns what stands before it; stays where it is if there is none.
    mutating func take(until word: String, atLeast minimum: Int = 0) -> String? {
        guard let end = find(word, from: position + minimum) else { return nil }
        let taken = string(position..<end)
        position = end + word.unicodeScalars.count
        return taken
    }
}
