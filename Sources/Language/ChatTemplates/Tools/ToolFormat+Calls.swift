internal import PythonData

extension ToolFormat {
    /// Calls as the model writes them.
    func text(of calls: [ParsedCall]) throws -> String {
        switch self {
        case .default:
            return calls.map { "Action: \($0.name)\nAction Input: \($0.arguments.json())" }.joined(separator: "\n")
        case .gemma4: return calls.map(gemmaText).joined()
        case .glm4:
            guard calls.count == 1, let call = calls.first else {
                throw ChatTemplateError.badCall(
                    reason: "the tool format `glm4` writes exactly one call a message, not \(calls.count)")
            }
            return "\(call.name)\n\(call.arguments.json())"
        case .glm4MoE:
            return try calls.map { call in
                let arguments = try texts(of: call).map { key, text in
                    "\n<arg_key>\(key)</arg_key>\n<arg_value>\(text)</arg_value>"
                }
                return "\n<tool_call>\(call.name)" + arguments.joined()
            }.joined(separator: "\n")
        case .lfm2:
            let texts = try calls.map { call in
                let arguments = try members(of: call).map { key, value in
                    "\(key)=" + (value.string.map { "\"\($0)\"" } ?? value.json())
                }
                return "\(call.name)(\(arguments.joined(separator: ", ")))"
            }
            return "<|tool_call_start|>[\(texts.joined(separator: ", "))]<|tool_call_end|>"
        case .llama3:
            let objects = calls.map { object($0, arguments: "parameters") }
            return (objects.count == 1 ? objects[0] : .list(objects)).json()
        case .minimax1:
            return "<tool_calls>\n\(calls.map { object($0).json() }.joined(separator: "\n"))\n</tool_calls>"
        case .minimax2:
            return try calls.map { call in
                let arguments = try texts(of: call).map { "\n<parameter name=\"\($0)\">\($1)</parameter>" }
                return "<invoke name=\"\(call.name)\">\(arguments.joined())\n</invoke>"
            }.joined(separator: "\n")
        case .mistral: return PythonValue.list(calls.map { object($0) }).json()
        case .qwen, .ling:
            return calls.map { "<tool_call>\n\(object($0).json())\n</tool_call>" }.joined(separator: "\n")
        case .qwen35:
            return try calls.map { call in
                let arguments = try texts(of: call).map { "\n<parameter=\($0)>\n\($1)\n</parameter>" }
                return "<tool_call>\n<function=\(call.name)>\(arguments.joined())\n</function>\n</tool_call>"
            }.joined(separator: "\n")
        case .seed:
            return try calls.map { call in
                // The name has no `>` behind it: so the reference writes it, and so models were taught.
                let arguments = try texts(of: call).map { "\n<parameter=\($0)>\($1)</parameter>" }
                return "\n<seed:tool_call>\n<function=\(call.name)\(arguments.joined())\n</function>\n</seed:tool_call>"
            }.joined(separator: "\n")
        }
    }

    private func object(_ call: ParsedCall, arguments: String = "arguments") -> PythonValue {
        .dictionary(PythonDictionary([("name", .text(call.name)), (arguments, call.arguments)]))
    }

    private func members(of call: ParsedCall) throws -> [(key: String, value: PythonValue)] {
        guard let arguments = call.arguments.dictionary else {
            throw ChatTemplateError.badCall(
                reason: "the tool format `\(rawValue)` writes arguments one by one: those of `\(call.name)` must be an "
                    + "object, not \(call.arguments.kindName)")
        }
        return arguments.members
    }

    /// Arguments with texts as they are and other values as JSON.
    private func texts(of call: ParsedCall) throws -> [(String, String)] {
        try members(of: call).map { ($0.key, $0.value.string ?? $0.value.json()) }
    }

    private func gemmaText(_ call: ParsedCall) -> String {
        let arguments =
            if let dictionary = call.arguments.dictionary {
                Self.gemmaMembers(of: dictionary)
            } else {
                call.arguments.string ?? Self.gemmaText(of: call.arguments)
            }
        return "<|tool_call>call:\(call.name){\(arguments)}<tool_call|>"
    }

    private static func gemmaMembers(of dictionary: PythonDictionary) -> String {
        dictionary.members.sorted { PythonText($0.key) < PythonText($1.key) }
            .map { "\($0.key):\(gemmaText(of: $0.value))" }.joined(separator: ",")
    }

    private static func gemmaText(of value: PythonValue) -> String {
        switch value {
        case .none: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .string(let text): "<|\"|>\(text.value)<|\"|>"
        case .list(let values): "[\(values.map(gemmaText(of:)).joined(separator: ","))]"
        case .dictionary(let dictionary): "{\(gemmaMembers(of: dictionary))}"
        case .integer, .bigInteger, .float: value.printed
        }
    }
}
