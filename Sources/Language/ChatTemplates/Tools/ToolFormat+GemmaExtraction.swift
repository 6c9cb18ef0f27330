internal import PythonData

extension ToolFormat {
    /// Every `<|tool_call>call:NAME{...}<tool_call|>`.
    func gemmaCalls(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        var calls: [FunctionCall] = []
        while let start = scanner.find("<|tool_call>call:", from: scanner.position) {
            scanner.position = start + 17
            let name = scanner.take { $0 != "{" && !$0.isPythonSpace }
            guard !name.isEmpty, scanner.skip("{") else { continue }
            guard let arguments = scanner.take(until: "}<tool_call|>") else { break }
            calls.append(FunctionCall(name: name, arguments: Self.gemmaArguments(arguments.strippedLikePython)))
        }
        return calls.isEmpty ? nil : calls
    }

    /// The arguments as JSON if they can be read as such, else as they are.
    private static func gemmaArguments(_ text: String) -> String {
        if text.isEmpty { return "{}" }
        if let value = try? PythonValue(json: quotingKeys(quotingTexts("{\(text)}"))) { return value.json() }
        guard let value = try? PythonValue(json: text) else { return text }
        return value.string ?? value.json()
    }

    private static func quotingTexts(_ text: String) -> String {
        let mark = "<|\"|>"
        var scanner = TextScanner(text)
        var quoted = ""
        while let start = scanner.find(mark, from: scanner.position), let end = scanner.find(mark, from: start + 5) {
            quoted += scanner.string(scanner.position..<start)
            quoted += PythonValue.text(scanner.string(start + 5..<end)).json()
            scanner.position = end + 5
        }
        return quoted + scanner.string(scanner.position..<scanner.text.count)
    }

    /// Bare words before colons get quotation marks, wherever they stand.
    private static func quotingKeys(_ text: String) -> String {
        func isWord(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
            scalar == "_" || (scalar.isASCII && scalar.properties.isAlphabetic)
                || (!first && ("0"..."9").contains(scalar))
        }
        var scanner = TextScanner(text)
        var quoted = ""
        var written = 0
        while let scalar = scanner.next {
            scanner.position += 1
            guard scalar == "{" || scalar == "," || scalar.isPythonSpace, let first = scanner.next,
                isWord(first, first: true)
            else { continue }
            let start = scanner.position
            let word = scanner.take { isWord($0, first: false) }
            let end = scanner.position
            let colon = scanner.end(ofBlanksFrom: end)
            guard scanner.stands(":", at: colon) else { continue }
            quoted += scanner.string(written..<start) + "\"\(word)\"" + scanner.string(end..<colon + 1)
            written = colon + 1
            scanner.position = written
        }
        return quoted + scanner.string(written..<scanner.text.count)
    }
}
