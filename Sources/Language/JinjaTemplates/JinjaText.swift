internal import PythonData

/// What Python does to texts, by code points.
enum JinjaText {
    /// Where a word first stands, in time that grows with the lengths alone (Knuth, Morris and Pratt).
    static func place(of word: String, in text: [UInt8], from start: Int) -> Int? {
        let word = Array(word.utf8)
        guard !word.isEmpty, text.count - start >= word.count else { return nil }
        var borders = [Int](repeating: 0, count: word.count)
        var length = 0
        for index in word.indices.dropFirst() {
            while length > 0, word[index] != word[length] { length = borders[length - 1] }
            if word[index] == word[length] { length += 1 }
            borders[index] = length
        }
        length = 0
        for place in start..<text.count {
            while length > 0, text[place] != word[length] { length = borders[length - 1] }
            if text[place] == word[length] { length += 1 }
            if length == word.count { return place + 1 - length }
        }
        return nil
    }

    static func parts(of text: String, at mark: String) -> [String] {
        let units = Array(text.utf8)
        var parts: [String] = []
        var position = 0
        while let place = place(of: mark, in: units, from: position) {
            parts.append(String(decoding: units[position..<place], as: UTF8.self))
            position = place + mark.utf8.count
        }
        return parts + [String(decoding: units[position...], as: UTF8.self)]
    }

    static func dropping(_ count: Int, from text: String) -> String {
        String(decoding: text.utf8.dropFirst(count), as: UTF8.self)
    }

    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" { continue }
            if scalar == "\n" || scalar == "\r"
                || [0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029].contains(scalar.value)
            {
                lines.append(String(line))
                line = String.UnicodeScalarView()
            } else {
                line.append(scalar)
            }
        }
        return line.isEmpty ? lines : lines + [String(line)]
    }

    /// The first letter large, the rest small.
    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return text }
        var rest = String.UnicodeScalarView()
        rest.append(contentsOf: text.unicodeScalars.dropFirst())
        return first.properties.titlecaseMapping + String(rest).lowercased()
    }

    /// Each word with a large first letter.
    static func title(_ text: String) -> String {
        var result = ""
        var isInside = false
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            let isLetter = properties.isCased
            result += isLetter ? (isInside ? properties.lowercaseMapping : properties.titlecaseMapping) : String(scalar)
            isInside = isLetter
        }
        return result
    }

    /// The questions that Python's texts answer: `isdigit`, `isalpha` and their like.
    static func holds(_ question: String, _ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard !scalars.isEmpty else { return false }
        func isDigit(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
        }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
            default: false
            }
        }
        switch question {
        case "isdigit": return scalars.allSatisfy(isDigit)
        case "isalpha": return scalars.allSatisfy(isLetter)
        case "isalnum": return scalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
        case "isspace": return scalars.allSatisfy(\.isPythonSpace)
        case "isupper":
            return scalars.contains(where: \.properties.isUppercase)
                && !scalars.contains(where: \.properties.isLowercase)
        case "islower":
            return scalars.contains(where: \.properties.isLowercase)
                && !scalars.contains(where: \.properties.isUppercase)
        default: return false
        }
    }
}
