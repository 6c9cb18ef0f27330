internal import JinjaTemplates
internal import PythonData
package import Tokenization

// A template for a tokenizer that brings a chat template in Jinja's language and is given no other.
extension ChatTemplate {
    /// The slots that probing a tokenizer's own chat template shows.
    ///
    /// - Throws: `ChatTemplateError.notInferable`
    package static func inferred(from chatTemplate: String, of tokenizer: Tokenizer) throws -> ChatTemplate {
        do {
            return try inferred(by: Probe(template: JinjaTemplate(chatTemplate), tokenizer: tokenizer))
        } catch let error as JinjaError {
            throw ChatTemplateError.notInferable(reason: error.description)
        }
    }

    private static func inferred(by probe: Probe) throws -> ChatTemplate {
        let prefix = try probe.prefix()
        let drop = { (text: String, count: Int) in text.droppingScalars(count) }
        let mark = "{{content}}"
        let length = prefix.unicodeScalars.count
        let system = drop(try probe.render([("system", mark)]), length)
        let userAfterEmptySystem = drop(
            try probe.render([("system", ""), ("user", mark)], asksForAnswer: true), length)
        var user = drop(try probe.render([("user", mark)], asksForAnswer: true), length)
        var assistant = drop(
            try probe.render([("user", mark), ("assistant", mark)]), length + user.unicodeScalars.count)
        let isReasoning = assistant.firstOccurrence(of: "<think>") != nil
        assistant = assistant.removingAll("<think>").removingAll("</think>").droppingLeadingNewlines
        var defaultSystem = ""
        if user.unicodeScalars.count > userAfterEmptySystem.unicodeScalars.count {
            defaultSystem = user.leftOver(matching: userAfterEmptySystem)
            user = drop(user, system.replacingFirst(mark, with: defaultSystem).unicodeScalars.count)
        }
        for (name, slot) in [("system text", system), ("question", user), ("answer", assistant)]
        where slot.firstOccurrence(of: mark) == nil {
            throw ChatTemplateError.notInferable(reason: "it does not show the \(name)")
        }
        return ChatTemplate(
            "inferred", kind: isReasoning ? .reasoning : .plain, prefix: prefix.isEmpty ? [] : [.text(prefix)],
            system: [.text(system)], user: [.text(user)], assistant: [.text(assistant)],
            defaultSystem: defaultSystem)
    }

    /// Renders small dialogs.
    private struct Probe {
        let template: JinjaTemplate
        let tokenizer: Tokenizer

        /// What the tokenizer puts before every text.
        func prefix() throws -> String {
            try tokenizer.decode(tokenizer.encode("", addingSpecialTokens: true), skippingSpecialTokens: false)
        }

        func render(_ messages: [(role: String, content: String)], asksForAnswer: Bool = false) throws -> String {
            var values: [String: PythonValue] = [
                "messages": .list(
                    messages.map {
                        .dictionary(PythonDictionary([("role", .text($0.role)), ("content", .text($0.content))]))
                    }),
                "tools": .none, "documents": .none, "add_generation_prompt": .bool(asksForAnswer),
            ]
            let tokens = [
                ("bos_token", tokenizer.bosToken), ("eos_token", tokenizer.eosToken),
                ("pad_token", tokenizer.padToken), ("unk_token", tokenizer.unkToken),
            ]
            for (name, token) in tokens { if let token { values[name] = .text(token) } }
            return try template.render(values)
        }
    }
}

extension String {
    fileprivate func droppingScalars(_ count: Int) -> String {
        var view = UnicodeScalarView()
        view.append(contentsOf: unicodeScalars.dropFirst(count))
        return String(view)
    }

    /// What is left of this text when another is found in it as scattered characters, each at the first place.
    fileprivate func leftOver(matching other: String) -> String {
        var rest = UnicodeScalarView()
        var wanted = Array(other.unicodeScalars)[...]
        for scalar in unicodeScalars {
            guard let next = wanted.first else { break }
            if scalar == next { wanted.removeFirst() } else { rest.append(scalar) }
        }
        return String(rest)
    }
}
