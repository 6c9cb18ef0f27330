internal import PythonData

/// The message of a model that calls tools: the calls, and what it says before them.
struct FunctionMessage: Hashable, Sendable {
    var preface: String
    var calls: [ParsedCall]

    /// - Parameter words: around a thought and around calls; nil if the template knows neither
    init(_ content: String, words: (thought: ChatTemplate.ThoughtWords, call: ChatTemplate.CallWords)?) throws {
        preface = ""
        var json = content
        if let words {
            if let span = content.firstSpan(from: words.call.opening, to: words.call.closing) {
                preface = content.removingAll(span.whole)
                json = span.inner
            } else if let span = content.firstSpan(from: words.thought.opening, to: words.thought.closing) {
                preface = span.whole
                json = content.removingAll(span.whole)
            }
        }
        calls = try Self.calls(in: json)
    }

    private static func calls(in json: String) throws -> [ParsedCall] {
        let value: PythonValue
        do {
            value = try PythonValue(json: json)
        } catch let error as PythonJSONError {
            throw ChatTemplateError.badCall(reason: "it is not valid JSON: \(error)")
        }
        return try (value.list ?? [value]).map { call in
            guard let object = call.dictionary else {
                throw ChatTemplateError.badCall(reason: "a call must be an object, not \(call.kindName)")
            }
            guard let name = object["name"]?.string else {
                throw ChatTemplateError.badCall(reason: "a call needs a `name`")
            }
            guard let arguments = object["arguments"] else {
                throw ChatTemplateError.badCall(reason: "the call of `\(name)` needs `arguments`")
            }
            return ParsedCall(name: name, arguments: arguments)
        }
    }
}
