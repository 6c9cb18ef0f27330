internal import PythonData

extension ToolFormat {
    /// What the system text says about the tools; empty if there are none.
    ///
    /// - Parameter json: a list of tools, each an object or wrapped as `{"type": "function", "function": {...}}`
    func prompt(forTools json: String, date: CalendarDate) throws -> String {
        let value: PythonValue
        do {
            value = try PythonValue(json: json)
        } catch let error as PythonJSONError {
            throw ChatTemplateError.badTools(reason: "they are not valid JSON: \(error)")
        }
        let isEmpty = value.list?.isEmpty ?? value.dictionary?.isEmpty
        if isEmpty == true { return "" }
        if self == .seed, isEmpty == false { return prompt(around: "\n" + value.json(), names: "", date: "") }
        guard let tools = value.list else {
            throw ChatTemplateError.badTools(reason: "they must be a list of tools, not \(value.kindName)")
        }
        let objects = try tools.map { tool in
            guard let object = tool.dictionary else {
                throw ChatTemplateError.badTools(reason: "each tool must be an object, not \(tool.kindName)")
            }
            return object
        }
        let names = self == .default ? try objects.map { try name(of: unwrapped($0)) } : []
        return prompt(
            around: try descriptions(of: objects), names: names.joined(separator: ", "), date: date.description)
    }

    private func descriptions(of tools: [PythonDictionary]) throws -> String {
        switch self {
        case .default: return try tools.map { try listing(of: unwrapped($0)) }.joined()
        case .gemma4: return try tools.map { try declaration(of: unwrapped($0)) }.joined(separator: "\n")
        case .glm4:
            let indented = PythonJSONStyle(indent: "    ")
            return try tools.map { tool in
                let tool = try unwrapped(tool)
                let text = PythonValue.dictionary(tool).json(indented)
                return "\n\n## \(try name(of: tool))\n\n\(text)\n在调用上述函数时，请使用 Json 格式表示调用的参数。"
            }.joined()
        case .llama3:
            let indented = PythonJSONStyle(indent: "    ")
            return tools.map { wrapped($0).json(indented) + "\n\n" }.joined()
        case .glm4MoE, .qwen, .ling: return tools.map { "\n" + wrapped($0).json() }.joined()
        case .qwen35: return try tools.map { "\n" + PythonValue.dictionary(try unwrapped($0)).json() }.joined()
        case .minimax1: return try tools.map { PythonValue.dictionary(try unwrapped($0)).json() + "\n" }.joined()
        case .minimax2:
            return try tools.map { "<tool>\(PythonValue.dictionary(try unwrapped($0)).json())</tool>\n" }.joined()
        case .mistral: return PythonValue.list(tools.map(wrapped)).json()
        case .lfm2: return PythonValue.list(try tools.map { .dictionary(try unwrapped($0)) }).json()
        case .seed: return "\n" + PythonValue.list(tools.map { .dictionary($0) }).json()
        }
    }

    // MARK: - One tool

    private func wrapped(_ tool: PythonDictionary) -> PythonValue {
        if tool["type"]?.string == "function" { return .dictionary(tool) }
        return .dictionary(PythonDictionary([("type", .text("function")), ("function", .dictionary(tool))]))
    }

    /// Formats differ in what they do with a wrapper around nothing; here only the tolerant ones accept it.
    private func unwrapped(_ tool: PythonDictionary) throws -> PythonDictionary {
        guard tool["type"]?.string == "function" else { return tool }
        if let function = tool["function"] {
            guard let object = function.dictionary else {
                throw ChatTemplateError.badTools(reason: "`function` must be an object, not \(function.kindName)")
            }
            return object
        }
        guard self == .qwen35 || self == .lfm2 || self == .gemma4 else {
            throw ChatTemplateError.badTools(reason: "a tool of the type `function` has no `function`")
        }
        return tool
    }

    private func name(of tool: PythonDictionary) throws -> String {
        guard let name = tool["name"] else { throw ChatTemplateError.badTools(reason: "a tool has no `name`") }
        return name.printed
    }

    /// One line a property.
    private func listing(of tool: PythonDictionary) throws -> String {
        let name = try name(of: tool)
        guard let parameters = tool["parameters"]?.dictionary,
            let properties = parameters["properties"]?.dictionary
        else { throw ChatTemplateError.badTools(reason: "the tool `\(name)` has no `parameters` with `properties`") }
        let required = parameters["required"]?.list?.compactMap(\.string) ?? []
        let lines = try properties.members.map { key, schema in
            guard let schema = schema.dictionary else {
                throw ChatTemplateError.badTools(reason: "the property `\(key)` of `\(name)` must be an object")
            }
            let isRequired = required.contains { PythonText($0) == PythonText(key) }
            return "  - \(key) (\(schema.printed("type"))\(isRequired ? ", required" : "")): "
                + schema.printed("description") + (try choices(of: schema, key)) + items(of: schema) + "\n"
        }
        return "> Tool Name: \(name)\nTool Description: \(tool.printed("description"))\nTool Args:\n"
            + lines.joined() + "\n"
    }

    private func choices(of schema: PythonDictionary, _ key: String) throws -> String {
        guard let choices = schema["enum"], choices.isTruthy else { return "" }
        let texts = choices.list?.compactMap(\.string) ?? []
        guard texts.count == choices.list?.count else {
            throw ChatTemplateError.badTools(reason: "`enum` of the property `\(key)` must be a list of texts")
        }
        return ", should be one of [\(texts.joined(separator: ", "))]"
    }

    private func items(of schema: PythonDictionary) -> String {
        guard let items = schema["items"], items.isTruthy else { return "" }
        return ", where each item should be \(items.dictionary?.printed("type") ?? "")"
    }

    private func declaration(of tool: PythonDictionary) throws -> String {
        func quoted(_ text: String) -> String { "<|\"|>\(text)<|\"|>" }
        func member(_ name: String, of object: PythonDictionary, upper: Bool = false) -> [String] {
            guard let value = object[name], value.isTruthy else { return [] }
            return ["\(name):" + quoted(upper ? value.printed.uppercased() : value.printed)]
        }
        func object(_ members: [String]) -> String { "{\(members.joined(separator: ","))}" }

        var members = ["description:" + quoted(tool.printed("description"))]
        if let parameters = tool["parameters"]?.dictionary, !parameters.isEmpty {
            var parts: [String] = []
            if let properties = parameters["properties"]?.dictionary, !properties.isEmpty {
                let texts = properties.members.map { key, value in
                    let schema = value.dictionary ?? PythonDictionary()
                    return "\(key):"
                        + object(member("description", of: schema) + member("type", of: schema, upper: true))
                }
                parts.append("properties:" + object(texts))
            }
            if let required = parameters["required"]?.list, !required.isEmpty {
                parts.append("required:[\(required.map { quoted($0.printed) }.joined(separator: ","))]")
            }
            members.append("parameters:" + object(parts + member("type", of: parameters, upper: true)))
        }
        if let response = tool["response"]?.dictionary, !response.isEmpty {
            let isObject = response.printed("type").uppercased() == "OBJECT"
            members.append(
                "response:"
                    + object(
                        member("description", of: response)
                            + (isObject ? member("type", of: response, upper: true) : [])))
        }
        return "declaration:\(try name(of: tool))" + object(members)
    }
}

extension PythonDictionary {
    /// A member as text; empty if it is missing.
    fileprivate func printed(_ key: String) -> String { self[key]?.printed ?? "" }
}
