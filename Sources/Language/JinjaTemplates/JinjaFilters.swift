internal import PythonData

/// What stands behind `|`.
enum JinjaFilters {
    static let names: Set<String> = [
        "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "format",
        "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
        "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum", "title",
        "tojson", "trim", "unique", "upper", "wordcount",
    ]
}

extension JinjaRendering {
    func filter(_ name: String, _ value: JinjaValue, _ arguments: ArgumentValues) throws -> JinjaValue {
        try charge()
        switch name {
        case "default", "d":
            let replaces = value.isUndefined || (arguments.flag(1, "boolean") == true && !value.isTruthy)
            return replaces ? arguments.value(0, "default_value") ?? .string("") : value
        case "tojson": return .string(try json(value, arguments))
        case "string", "safe": return .string(try printed(value))
        case "length", "count": return .integer(try length(of: value))
        case "abs", "round", "int", "float": return try numeric(name, value, arguments)
        case "attr":
            guard let name = try arguments.text(0, "name") else { throw JinjaError.wrongUse("`attr` needs a name") }
            return try attribute(name, of: value)
        case "items":
            if value.isUndefined { return try .values([]) }
            guard case .dictionary(let dictionary) = value else {
                throw JinjaError.wrongUse("`items` needs a dictionary, not \(value.kindName)")
            }
            return try .values(dictionary.members.map { try .values([.string($0.0), $0.1]) })
        case "capitalize", "e", "escape", "format", "indent", "lower", "replace", "title", "trim", "upper", "wordcount":
            return try textual(name, try printed(value), arguments)
        default: return try listing(name, value, arguments)
        }
    }

    // MARK: - Single values

    private func json(_ value: JinjaValue, _ arguments: ArgumentValues) throws -> String {
        var style = PythonJSONStyle()
        switch arguments.value(1, "indent") {
        case nil, JinjaValue.none?: break
        case .some(.string(let indent)): style = PythonJSONStyle(indent: indent)
        case .some(let given):
            guard let width = given.integer, width <= 64 else {
                throw JinjaError.wrongUse("`indent` must be a number up to 64")
            }
            style = PythonJSONStyle(indent: String(repeating: " ", count: max(0, width)))
        }
        if case .list(let separators)? = arguments.value(2, "separators"), separators.elements.count == 2,
            let item = separators.elements[0].string, let key = separators.elements[1].string
        {
            style.itemSeparator = item
            style.keySeparator = key
        }
        style.escapesNonASCII = arguments.flag(0, "ensure_ascii") ?? false
        style.sortsKeys = arguments.flag(3, "sort_keys") ?? false
        let text = try python(value).json(style)
        try charge(textBytes: text.utf8.count)
        return text
    }

    private func length(of value: JinjaValue) throws -> Int {
        switch value {
        case .list(let list): return list.elements.count
        case .dictionary(let dictionary): return dictionary.keys.count
        case .undefined: return 0
        case .string(let text):
            try charge(textBytes: text.utf8.count)
            return text.unicodeScalars.count
        default: throw JinjaError.wrongUse("\(value.kindName) has no length")
        }
    }

    private func numeric(_ name: String, _ value: JinjaValue, _ arguments: ArgumentValues) throws -> JinjaValue {
        switch name {
        case "abs":
            if let number = value.integer, number != .min { return .integer(abs(number)) }
            if let number = value.number { return .float(abs(number)) }
            throw JinjaError.wrongUse("\(value.kindName) has no absolute value")
        case "int":
            if let number = value.integer { return .integer(number) }
            if let number = value.number, let whole = Int(exactly: number.rounded(.towardZero)) {
                return .integer(whole)
            }
            let text = value.string?.strippedLikePython ?? ""
            if let whole = Int(text) { return .integer(whole) }
            if let number = Double(text), let whole = Int(exactly: number.rounded(.towardZero)) {
                return .integer(whole)
            }
            return arguments.value(0, "default") ?? .integer(0)
        case "float":
            if let number = value.number { return .float(number) }
            if let text = value.string, let number = Double(text.strippedLikePython) { return .float(number) }
            return arguments.value(0, "default") ?? .float(0)
        default:
            guard let number = value.number else { throw JinjaError.wrongUse("\(value.kindName) cannot be rounded") }
            guard arguments.positional.count <= 1, try arguments.integer(0, "precision") ?? 0 == 0,
                arguments.value(1, "method") == nil
            else { throw JinjaError.wrongUse("`round` with arguments is not part of what we read") }
            return .float(number.rounded(.toNearestOrEven))
        }
    }

    private func textual(_ name: String, _ text: String, _ arguments: ArgumentValues) throws -> JinjaValue {
        try charge(textBytes: text.utf8.count)
        switch name {
        case "capitalize": return .string(JinjaText.capitalized(text))
        case "lower": return .string(text.lowercased())
        case "upper": return .string(text.uppercased())
        case "title": return .string(try titled(text))
        case "trim": return .string(try stripped(text, arguments, start: true, end: true))
        case "format": return .string(try formatted(text, arguments.positional))
        case "indent": return .string(try indented(text, arguments))
        case "wordcount": return .integer(text.unicodeScalars.split { $0.isPythonSpace }.count)
        case "replace":
            guard let old = try arguments.text(0, "old"), let new = try arguments.text(1, "new") else {
                throw JinjaError.wrongUse("`replace` needs two texts")
            }
            return .string(try replaced(old, by: new, in: text, count: try arguments.integer(2, "count")))
        default:
            var escaped = text
            for (mark, name) in [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&#34;"), ("'", "&#39;")] {
                escaped = try replaced(mark, by: name, in: escaped)
            }
            return .string(escaped)
        }
    }

    /// Words begin behind blanks and some marks, other than for the method of the same name.
    private func titled(_ text: String) throws -> String {
        var result = ""
        var beginsWord = true
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            result += beginsWord ? properties.uppercaseMapping : properties.lowercaseMapping
            beginsWord = scalar.isPythonSpace || "-([{<".unicodeScalars.contains(scalar)
        }
        return result
    }

    private func indented(_ text: String, _ arguments: ArgumentValues) throws -> String {
        let indent: String
        if case .string(let given)? = arguments.value(0, "width") {
            indent = given
        } else {
            let width = try arguments.integer(0, "width") ?? 4
            try charge(textBytes: max(0, width))
            indent = String(repeating: " ", count: max(0, width))
        }
        let blanksToo = arguments.flag(2, "blank") ?? false
        let lines = JinjaText.lines(text + "\n")
        let (bytes, overflow) = lines.count.multipliedReportingOverflow(by: indent.utf8.count)
        try charge(textBytes: overflow ? .max : bytes + text.utf8.count)
        var result = (arguments.flag(1, "first") ?? false) ? indent : ""
        for (index, line) in lines.enumerated() {
            if index > 0 { result += "\n" + (line.isEmpty && !blanksToo ? "" : indent) }
            result += line
        }
        return result
    }

    // MARK: - Lists

    private func listing(_ name: String, _ value: JinjaValue, _ arguments: ArgumentValues) throws -> JinjaValue {
        if name == "reverse", let text = value.string {
            try charge(textBytes: text.utf8.count)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: text.unicodeScalars.reversed())
            return .string(String(view))
        }
        let elements = try elements(of: value)
        try charge(elements: elements.count)
        switch name {
        case "first": return elements.first ?? .undefined("the first element of nothing")
        case "last": return elements.last ?? .undefined("the last element of nothing")
        case "list": return try .values(elements)
        case "reverse": return try .values(elements.reversed())
        case "join": return try joined(elements, arguments)
        case "map": return try mapped(elements, arguments)
        case "select", "reject", "selectattr", "rejectattr": return try selected(name, elements, arguments)
        case "sum":
            let attribute = try arguments.text(0, "attribute")
            return try elements.reduce(arguments.value(1, "start") ?? .integer(0)) {
                try combine($0, .plus, try part(attribute, of: $1))
            }
        case "min", "max":
            let attribute = try arguments.text(1, "attribute")
            let ordered = try sorted(elements, by: attribute, foldsCase: true)
            return (name == "min" ? ordered.first : ordered.last) ?? .undefined("the \(name) of nothing")
        case "sort":
            let ordered = try sorted(
                elements, by: try arguments.text(2, "attribute"),
                foldsCase: !(arguments.flag(1, "case_sensitive") ?? false))
            return try .values(arguments.flag(0, "reverse") ?? false ? ordered.reversed() : ordered)
        case "unique":
            var kept: [JinjaValue] = []
            for element in elements where try !kept.contains(where: { try equal(folded($0), folded(element)) }) {
                kept.append(element)
            }
            return try .values(kept)
        default:
            guard case .dictionary(let dictionary) = value else {
                throw JinjaError.wrongUse("`dictsort` needs a dictionary, not \(value.kindName)")
            }
            guard arguments.positional.isEmpty, arguments.named.isEmpty else {
                throw JinjaError.wrongUse("`dictsort` with arguments is not part of what we read")
            }
            let keys = try sorted(dictionary.keys.map { .string($0) }, by: nil, foldsCase: true).compactMap(\.string)
            return try .values(keys.map { try .values([.string($0), dictionary[$0] ?? .none]) })
        }
    }

    private func joined(_ elements: [JinjaValue], _ arguments: ArgumentValues) throws -> JinjaValue {
        let attribute = try arguments.text(1, "attribute")
        let separator = try printed(arguments.value(0, "d") ?? .string(""))
        return .string(try joined(try elements.map { try printed(try part(attribute, of: $0)) }, by: separator))
    }

    private func mapped(_ elements: [JinjaValue], _ arguments: ArgumentValues) throws -> JinjaValue {
        if let attribute = try arguments.named.first(where: { $0.0 == "attribute" }).map({ try printed($0.1) }) {
            let standard = arguments.named.first { $0.0 == "default" }?.1
            return try .values(
                elements.map { element in
                    let part = try part(attribute, of: element)
                    return part.isUndefined ? standard ?? part : part
                })
        }
        guard let name = try arguments.text(0, "filter"), JinjaFilters.names.contains(name) else {
            throw JinjaError.wrongUse("`map` needs an attribute or a filter that we know")
        }
        let rest = ArgumentValues(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        return try .values(elements.map { try filter(name, $0, rest) })
    }

    private func selected(
        _ name: String, _ elements: [JinjaValue], _ arguments: ArgumentValues
    ) throws -> JinjaValue {
        var rest = arguments.positional[...]
        var attribute: String?
        if name.hasSuffix("attr") {
            guard let given = rest.popFirst() else { throw JinjaError.wrongUse("`\(name)` needs an attribute") }
            attribute = try printed(given)
        }
        let test = try rest.popFirst().map { try printed($0) }
        if let test, !JinjaTests.names.contains(test) {
            throw JinjaError.wrongUse("the test `\(test)` is not part of what we read")
        }
        let isSelecting = name.hasPrefix("select")
        return try .values(
            elements.filter { element in
                let part = try part(attribute, of: element)
                let holds = try test.map { try self.test($0, part, Array(rest)) } ?? part.isTruthy
                return holds == isSelecting
            })
    }

    /// A part of a value by its path, as in `function.name`.
    private func part(_ path: String?, of value: JinjaValue) throws -> JinjaValue {
        guard let path else { return value }
        var part = value
        for name in path.split(separator: ".") {
            part = try item(Int(name).map { .integer($0) } ?? .string(String(name)), of: part)
        }
        return part
    }

    private func folded(_ value: JinjaValue) -> JinjaValue {
        value.string.map { .string($0.lowercased()) } ?? value
    }

    /// In order; equal ones stay as they were.
    private func sorted(_ elements: [JinjaValue], by path: String?, foldsCase: Bool) throws -> [JinjaValue] {
        let keyed = try elements.map { element in
            let key = try part(path, of: element)
            return (key: foldsCase ? folded(key) : key, element: element)
        }
        return try keyed.enumerated().sorted { left, right in
            if try isLess(left.element.key, right.element.key) { return true }
            if try isLess(right.element.key, left.element.key) { return false }
            return left.offset < right.offset
        }.map(\.element.element)
    }
}
