internal import PythonData

/// The methods of texts, lists and dictionaries that only look and never change.
enum JinjaMethods {
    static let ofTexts: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "replace", "upper",
        "lower", "title", "capitalize", "join", "find", "rfind", "index", "count", "isdigit", "isalpha", "isalnum",
        "isspace", "isupper", "islower", "removeprefix", "removesuffix", "format", "partition", "rpartition",
    ]
    static let ofDictionaries: Set<String> = ["items", "keys", "values", "get"]
    static let ofLists: Set<String> = ["index", "count"]

    static func exists(_ name: String, of value: JinjaValue) -> Bool {
        switch value {
        case .string: ofTexts.contains(name)
        case .dictionary: ofDictionaries.contains(name)
        case .list: ofLists.contains(name)
        default: false
        }
    }
}

extension JinjaRendering {
    func callMethod(_ name: String, of value: JinjaValue, _ arguments: ArgumentValues) throws -> JinjaValue {
        try charge()
        switch value {
        case .string(let text): return try callMethod(name, of: text, arguments)
        case .dictionary(let dictionary):
            switch name {
            case "items": return try .values(dictionary.members.map { try .values([.string($0.0), $0.1]) })
            case "keys": return try .values(dictionary.keys.map { .string($0) })
            case "values": return try .values(dictionary.members.map(\.1))
            default:
                let found = arguments.value(0, "key")?.string.flatMap { dictionary[$0] }
                return found ?? arguments.value(1, "default") ?? .none
            }
        case .list(let list):
            guard let wanted = arguments.value(0, "value") else { throw JinjaError.wrongUse("`\(name)` needs a value") }
            let matches = try list.elements.indices.filter { try equal(list.elements[$0], wanted) }
            if name == "count" { return .integer(matches.count) }
            guard let first = matches.first else { throw JinjaError.wrongUse("the value is not in the list") }
            return .integer(first)
        case .namespace:
            guard case .integer(let index)? = try? attribute("index0", of: value), !arguments.positional.isEmpty else {
                throw JinjaError.wrongUse("`cycle` needs values")
            }
            return arguments.positional[index % arguments.positional.count]
        default: throw JinjaError.wrongUse("\(value.kindName) has no method `\(name)`")
        }
    }

    private func callMethod(_ name: String, of text: String, _ arguments: ArgumentValues) throws -> JinjaValue {
        try charge(textBytes: text.utf8.count)
        switch name {
        case "strip": return .string(try stripped(text, arguments, start: true, end: true))
        case "lstrip": return .string(try stripped(text, arguments, start: true, end: false))
        case "rstrip": return .string(try stripped(text, arguments, start: false, end: true))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "title": return .string(JinjaText.title(text))
        case "capitalize": return .string(JinjaText.capitalized(text))
        case "startswith": return .bool(try affixes(arguments).contains { text.utf8.starts(with: $0.utf8) })
        case "endswith":
            return .bool(try affixes(arguments).contains { text.utf8.reversed().starts(with: $0.utf8.reversed()) })
        case "removeprefix":
            let prefix = try needed(arguments, "prefix")
            return .string(
                text.utf8.starts(with: prefix.utf8) ? JinjaText.dropping(prefix.utf8.count, from: text) : text)
        case "removesuffix":
            let suffix = try needed(arguments, "suffix")
            let ends = !suffix.isEmpty && text.utf8.reversed().starts(with: suffix.utf8.reversed())
            return .string(ends ? String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self) : text)
        case "replace":
            guard let new = try arguments.text(1, "new") else { throw JinjaError.wrongUse("`replace` needs two texts") }
            return .string(
                try replaced(try needed(arguments, "old"), by: new, in: text, count: try arguments.integer(2, "count")))
        case "split", "rsplit":
            return try .values(
                split(
                    text, at: try separator(arguments), most: try arguments.integer(1, "maxsplit") ?? -1,
                    fromEnd: name == "rsplit"
                ).map { .string($0) })
        case "splitlines": return try .values(JinjaText.lines(text).map { .string($0) })
        case "partition", "rpartition":
            let mark = try needed(arguments, "sep")
            let parts = try split(text, at: mark, most: 1, fromEnd: name == "rpartition")
            let whole = name == "partition" ? [text, "", ""] : ["", "", text]
            return try .values((parts.count == 2 ? [parts[0], mark, parts[1]] : whole).map { .string($0) })
        case "join":
            let parts = try elements(of: arguments.value(0, "iterable") ?? .none)
            return .string(
                try joined(
                    parts.map { part in
                        guard let text = part.string else {
                            throw JinjaError.wrongUse("only texts can be joined, not \(part.kindName)")
                        }
                        return text
                    }, by: text))
        case "find", "rfind", "index", "count": return try .integer(searched(name, try needed(arguments, "sub"), text))
        case "format": return .string(try formattedWithBraces(text, arguments))
        default: return .bool(JinjaText.holds(name, text))
        }
    }

    private func needed(_ arguments: ArgumentValues, _ name: String) throws -> String {
        guard let text = try arguments.text(0, name) else { throw JinjaError.wrongUse("a text is needed (`\(name)`)") }
        return text
    }

    private func affixes(_ arguments: ArgumentValues) throws -> [String] {
        if case .list(let list)? = arguments.value(0, "prefix") { return list.elements.compactMap(\.string) }
        return [try needed(arguments, "prefix")]
    }

    private func separator(_ arguments: ArgumentValues) throws -> String? {
        if case .none? = arguments.value(0, "sep") { return nil }
        return try arguments.text(0, "sep")
    }

    func stripped(_ text: String, _ arguments: ArgumentValues, start: Bool, end: Bool) throws -> String {
        var characters: Set<Unicode.Scalar>?
        if case .string(let given)? = arguments.value(0, "chars") { characters = Set(given.unicodeScalars) }
        let isDropped = { (scalar: Unicode.Scalar) in characters?.contains(scalar) ?? scalar.isPythonSpace }
        var rest = Array(text.unicodeScalars)[...]
        if start { rest = rest.drop(while: isDropped) }
        if end { while let last = rest.last, isDropped(last) { rest.removeLast() } }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: rest)
        return String(view)
    }

    func replaced(_ old: String, by new: String, in text: String, count: Int? = nil) throws -> String {
        var most = count.map { $0 < 0 ? Int.max : $0 } ?? Int.max
        let units = Array(text.utf8)
        let replacement = Array(new.utf8)
        var result: [UInt8] = []
        var position = 0
        while most > 0 {
            try charge()
            if old.isEmpty {
                result += replacement
                guard position < units.count else { break }
                let width = units[position...].dropFirst().prefix { $0 & 0xC0 == 0x80 }.count + 1
                result += units[position..<position + width]
                position += width
            } else {
                guard let place = JinjaText.place(of: old, in: units, from: position) else { break }
                result += units[position..<place] + replacement
                position = place + old.utf8.count
            }
            try charge(textBytes: result.count / 64)
            guard result.count <= limits.textBytes else { throw JinjaError.tooMuchText(limit: limits.textBytes) }
            most -= 1
        }
        return String(decoding: result + units[position...], as: UTF8.self)
    }

    private func split(_ text: String, at mark: String?, most: Int, fromEnd: Bool) throws -> [String] {
        var parts: [String]
        if let mark {
            guard !mark.isEmpty else { throw JinjaError.wrongUse("a text cannot be split at an empty text") }
            parts = JinjaText.parts(of: text, at: mark)
        } else {
            parts = text.unicodeScalars.split { $0.isPythonSpace }.map { String($0) }
            guard most < 0 || parts.count <= most + 1 else {
                throw JinjaError.wrongUse("`split` at blanks with a bound is not part of what we read")
            }
        }
        try charge(elements: parts.count)
        guard most >= 0, parts.count > most + 1, let mark else { return parts }
        if fromEnd {
            let head = parts.count - most
            return [parts[..<head].joined(separator: mark)] + parts[head...]
        }
        return parts[..<most] + [parts[most...].joined(separator: mark)]
    }

    func joined(_ parts: [String], by separator: String) throws -> String {
        var bytes = 0
        for part in parts { bytes += part.utf8.count + separator.utf8.count }
        try charge(textBytes: bytes)
        return parts.joined(separator: separator)
    }

    private func searched(_ name: String, _ word: String, _ text: String) throws -> Int {
        if name == "count" {
            return word.isEmpty ? text.unicodeScalars.count + 1 : JinjaText.parts(of: text, at: word).count - 1
        }
        let parts = word.isEmpty ? [] : JinjaText.parts(of: text, at: word)
        guard parts.count > 1 else {
            if word.isEmpty { return name == "rfind" ? text.unicodeScalars.count : 0 }
            guard name != "index" else { throw JinjaError.wrongUse("the text to look for is not there") }
            return -1
        }
        if name == "rfind" {
            return text.unicodeScalars.count - (parts.last?.unicodeScalars.count ?? 0) - word.unicodeScalars.count
        }
        return parts[0].unicodeScalars.count
    }

    /// Python's `{}` and `{name}` without further formatting.
    private func formattedWithBraces(_ format: String, _ arguments: ArgumentValues) throws -> String {
        var text = ""
        var rest = Array(format.unicodeScalars)[...]
        var next = 0
        while let scalar = rest.popFirst() {
            guard scalar == "{" || scalar == "}" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == scalar {
                rest.removeFirst()
                text.unicodeScalars.append(scalar)
                continue
            }
            guard scalar == "{", let end = rest.firstIndex(of: "}") else {
                throw JinjaError.wrongUse("a bracket in a text to format stands alone")
            }
            var name = String.UnicodeScalarView()
            name.append(contentsOf: rest[..<end])
            rest = rest[(end + 1)...]
            let key = String(name)
            let value: JinjaValue?
            if key.isEmpty {
                value = next < arguments.positional.count ? arguments.positional[next] : nil
                next += 1
            } else if let index = Int(key) {
                value = arguments.positional.indices.contains(index) ? arguments.positional[index] : nil
            } else {
                value = arguments.named.first { $0.0 == key }?.1
            }
            guard let value else { throw JinjaError.wrongUse("`{\(key)}` cannot be formatted") }
            let piece = try printed(value)
            try charge(textBytes: text.utf8.count + piece.utf8.count)
            text += piece
        }
        return text
    }
}
