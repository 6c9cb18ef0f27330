internal import Tokenization

// The chat template that other programs find beside a saved tokenizer, in Jinja's language.
extension ChatTemplate {
    /// Nil if a slot stands for a single token, which a text template cannot say.
    func jinjaTemplate(for tokenizer: Tokenizer) -> String? {
        guard let prefix = expression(prefix, tokenizer), let user = expression(user, tokenizer),
            let assistant = expression(assistant, tokenizer),
            let system = expression(system, tokenizer, content: "system_message")
        else { return nil }
        var text = prefix.isEmpty ? "" : "{{ \(prefix) }}"
        if !defaultSystem.isEmpty { text += "{% set system_message = '\(Self.escaped(defaultSystem))' %}" }
        text +=
            "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
            + "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% endif %}"
        if kind == .llama2 {
            text +=
                "{% for message in loop_messages %}{% if loop.index0 == 0 and system_message is defined %}"
                + "{% set content = \(system) + message['content'] %}{% else %}"
                + "{% set content = message['content'] %}{% endif %}"
        } else {
            text +=
                "{% if system_message is defined %}{{ \(system) }}{% endif %}"
                + "{% for message in loop_messages %}{% set content = message['content'] %}"
        }
        return text + "{% if message['role'] == 'user' %}{{ \(user) }}"
            + "{% elif message['role'] == 'assistant' %}{{ \(assistant) }}{% endif %}{% endfor %}"
    }

    /// The slots as a sum of quoted texts and the variable that holds the message.
    private func expression(_ slots: [Slot], _ tokenizer: Tokenizer, content: String = "content") -> String? {
        var terms: [String] = []
        for slot in slots {
            switch slot {
            case .token: return nil
            case .beginOfSequence: if let token = tokenizer.bosToken { terms.append("'\(token)'") }
            case .endOfSequence: if let token = tokenizer.eosToken { terms.append("'\(token)'") }
            case .text(let text):
                guard let range = text.firstOccurrence(of: "{{content}}") else {
                    terms += Self.quoted(Array(text.utf8)[...])
                    continue
                }
                let units = Array(text.utf8)
                terms += Self.quoted(units[..<range.lowerBound])
                terms.append(content)
                terms += Self.quoted(units[range.upperBound...])
            }
        }
        return terms.joined(separator: " + ")
    }

    private static func quoted(_ text: ArraySlice<UInt8>) -> [String] {
        text.isEmpty ? [] : ["'\(escaped(String(decoding: text, as: UTF8.self)))'"]
    }

    private static func escaped(_ text: String) -> String {
        String(decoding: text.utf8.flatMap { $0 == UInt8(ascii: "'") ? Array("\\'".utf8) : [$0] }, as: UTF8.self)
    }
}
