internal import PythonData

extension ToolFormat {
    /// The calls that a generated text consists of; nil if it is to be read as a plain answer.
    package func calls(in text: String) -> [FunctionCall]? {
        switch self {
        case .default: actions(in: text)
        case .gemma4: gemmaCalls(in: text)
        case .glm4: nameAndArguments(in: text)
        case .lfm2: pythonicCalls(in: text)
        case .llama3: objects(in: text, arguments: "parameters")
        case .mistral: objects(in: text, arguments: "arguments")
        case .qwen, .ling, .glm4MoE: blocks(in: text)
        case .qwen35: functionTags(in: text, wrapper: "tool_call", endsName: ">") { $0.strippedLikePython }
        case .seed: functionTags(in: text, wrapper: "seed:tool_call", endsName: "") { $0 }
        case .minimax1: callLines(in: text)
        case .minimax2: invocations(in: text)
        }
    }

    // MARK: - JSON in various frames

    /// `Action: NAME`, `Action Input: JSON`, as often as it comes.
    private func actions(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        var calls: [FunctionCall] = []
        while let start = scanner.find("Action:", from: scanner.position) {
            scanner.position = start + 7
            guard let name = actionName(&scanner) else {
                scanner.position = start + 1
                continue
            }
            let begin = scanner.end(ofBlanksFrom: scanner.position)
            guard begin < scanner.text.count else {
                // Blanks alone are no input.
                if begin > scanner.position { return nil }
                break
            }
            var end = begin + 1
            while true {
                let behind = scanner.end(ofBlanksFrom: end)
                if behind == scanner.text.count || scanner.stands("Action:", at: behind) { break }
                // Inside a run of blanks the answer is the same at each of them.
                end = behind > end ? behind : end + 1
            }
            let input = scanner.string(begin..<end).strippedLikePython.trimmed("\"").trimmed("`")
            guard let value = try? PythonValue(json: input) else { return nil }
            calls.append(FunctionCall(name: name, arguments: value.json()))
            scanner.position = end
        }
        return calls.isEmpty ? nil : calls
    }

    private func actionName(_ scanner: inout TextScanner) -> String? {
        scanner.skipBlanks()
        var name = scanner.take { ($0.isASCII && $0.properties.isAlphabetic) || ("0"..."9").contains($0) || $0 == "_" }
        let behind = scanner.position
        scanner.skipBlanks()
        if !name.isEmpty, scanner.skip("Action Input:") { return name }
        // The name may run into what follows it.
        guard name.hasSuffix("Action"), name.count > 6, scanner.stands(" Input:", at: behind) else { return nil }
        scanner.position = behind + 7
        name.removeLast(6)
        return name
    }

    private func nameAndArguments(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        guard let name = scanner.take(until: "\n"),
            let value = try? PythonValue(
                json: scanner.string(scanner.position..<scanner.text.count).strippedLikePython)
        else { return nil }
        return [FunctionCall(name: name, arguments: value.json())]
    }

    private func objects(in text: String, arguments: String) -> [FunctionCall]? {
        guard let value = try? PythonValue(json: text.strippedLikePython) else { return nil }
        var calls: [FunctionCall] = []
        for object in value.list ?? [value] {
            guard let call = call(object, arguments: arguments) else { return nil }
            calls.append(call)
        }
        return calls
    }

    private func call(_ value: PythonValue, arguments: String = "arguments") -> FunctionCall? {
        guard let object = value.dictionary, let name = object["name"]?.string, let given = object[arguments] else {
            return nil
        }
        return FunctionCall(name: name, arguments: given.json())
    }

    /// Each `<tool_call>` block that only another one or the end follows.
    private func blocks(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        let (opening, closing) = ("<tool_call>", "</tool_call>")
        var calls: [FunctionCall] = []
        while let start = scanner.find(opening, from: scanner.position) {
            let begin = start + opening.count
            guard let end = endOfBlock(scanner, from: begin + 1, opening, closing) else { break }
            guard let value = try? PythonValue(json: scanner.string(begin..<end).strippedLikePython),
                let call = call(value)
            else { return nil }
            calls.append(call)
            scanner.position = end + closing.count
        }
        return calls.isEmpty ? nil : calls
    }

    private func endOfBlock(_ scanner: TextScanner, from start: Int, _ opening: String, _ closing: String) -> Int? {
        var place = start
        while let end = scanner.find(closing, from: place) {
            let behind = scanner.end(ofBlanksFrom: end + closing.count)
            if behind == scanner.text.count || scanner.stands(opening, at: behind) { return end }
            place = end + 1
        }
        return nil
    }

    private func callLines(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        guard let inner = framed(&scanner, "<tool_calls>", "</tool_calls>") else { return nil }
        var calls: [FunctionCall] = []
        for line in inner.split(separator: "\n") {
            guard let value = try? PythonValue(json: String(line).strippedLikePython) else { continue }
            guard let call = call(value) else { return nil }
            calls.append(call)
        }
        return calls
    }

    /// What stands between two words, at least one character and without blanks around it if there is more.
    private func framed(_ scanner: inout TextScanner, _ opening: String, _ closing: String) -> String? {
        guard let start = scanner.find(opening, from: scanner.position) else { return nil }
        scanner.position = start + opening.unicodeScalars.count
        let begin = scanner.position
        scanner.skipBlanks()
        if let inner = scanner.take(until: closing, atLeast: 1) { return inner }
        scanner.position = begin
        return scanner.take(until: closing, atLeast: 1)
    }

    // MARK: - Arguments in tags of their own

    private func functionTags(
        in text: String, wrapper: String, endsName: String, plain: (String) -> String
    ) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        var calls: [FunctionCall] = []
        while let start = scanner.find("<\(wrapper)>", from: scanner.position) {
            scanner.position = start + wrapper.unicodeScalars.count + 2
            scanner.skipBlanks()
            guard scanner.skip("<function=") else { continue }
            scanner.skipBlanks()
            let name = scanner.take { !$0.isPythonSpace && $0 != "<" && (endsName.isEmpty || $0 != ">") }
            guard !name.isEmpty else { continue }
            guard let block = block(&scanner, upTo: "</function>", then: "</\(wrapper)>") else { break }
            calls.append(
                FunctionCall(
                    name: name,
                    arguments: parameters(in: block, opening: "<parameter=", closing: ">", plain: plain).json()))
        }
        return calls.isEmpty ? nil : calls
    }

    /// Goes past two closing words that only blanks part, and returns what stands before them.
    private func block(_ scanner: inout TextScanner, upTo first: String, then second: String) -> String? {
        var place = scanner.position
        while let end = scanner.find(first, from: place) {
            let behind = scanner.end(ofBlanksFrom: end + first.unicodeScalars.count)
            if scanner.stands(second, at: behind) {
                let block = scanner.string(scanner.position..<end)
                scanner.position = behind + second.unicodeScalars.count
                return block
            }
            place = end + 1
        }
        return nil
    }

    private func invocations(in text: String) -> [FunctionCall]? {
        var scanner = TextScanner(text)
        guard let inner = framed(&scanner, "<minimax:tool_call>", "</minimax:tool_call>") else { return nil }
        scanner = TextScanner(inner)
        var calls: [FunctionCall] = []
        while let start = scanner.find("<invoke name=\"", from: scanner.position) {
            scanner.position = start + 14
            guard let name = scanner.take(until: "\">"), let block = scanner.take(until: "</invoke>") else { break }
            let arguments = parameters(in: block, opening: "<parameter name=\"", closing: "\">") { $0 }
            calls.append(FunctionCall(name: name.strippedLikePython, arguments: arguments.json()))
        }
        return calls
    }

    /// Parameters whose values are JSON if they can be read so, else plain texts.
    private func parameters(
        in block: String, opening: String, closing: String, plain: (String) -> String
    ) -> PythonValue {
        var scanner = TextScanner(block)
        var arguments = PythonDictionary()
        while let start = scanner.find(opening, from: scanner.position) {
            scanner.position = start + opening.unicodeScalars.count
            guard let key = scanner.take(until: closing), let value = scanner.take(until: "</parameter>") else { break }
            arguments[key] = (try? PythonValue(json: value.strippedLikePython)) ?? .text(plain(value))
        }
        return .dictionary(arguments)
    }
}

extension String {
    fileprivate func trimmed(_ mark: Unicode.Scalar) -> String {
        var rest = unicodeScalars[...]
        while rest.first == mark { rest.removeFirst() }
        while rest.last == mark { rest.removeLast() }
        return String(rest)
    }
}
