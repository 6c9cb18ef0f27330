package import Tokenization

extension ChatTemplate {
    /// The dialog as pairs of prompt and response, as training on whole dialogs reads it.
    ///
    /// - Parameter discardingHistoryThoughts: only the last answer of a reasoning template keeps its thought.
    package func encode(
        _ dialog: Dialog, with tokenizer: Tokenizer, discardingHistoryThoughts: Bool = false
    ) throws -> [TokenPair] {
        guard dialog.messages.count % 2 == 0 else { throw ChatTemplateError.oddDialog(count: dialog.messages.count) }
        var dialog = dialog
        if isReasoning { removeThoughts(from: &dialog.messages, history: discardingHistoryThoughts) }
        let turns = try encodedMessages(of: dialog, with: tokenizer)
        var pairs = stride(from: 0, to: turns.count, by: 2).map { TokenPair(source: turns[$0], target: turns[$0 + 1]) }
        guard isReasoning else { return pairs }
        for index in pairs.indices where !discardingHistoryThoughts || index == pairs.count - 1 {
            try addEmptyThought(to: &pairs[index], answer: dialog.messages[2 * index + 1].content, with: tokenizer)
        }
        return pairs
    }

    /// Everything but the last message as the prompt, the last message as the response.
    package func encodeOneTurn(_ dialog: Dialog, with tokenizer: Tokenizer) throws -> TokenPair {
        var dialog = dialog
        guard let last = dialog.messages.indices.last else { throw ChatTemplateError.oddDialog(count: 0) }
        if isReasoning {
            if !preservesThinking {
                for index in stride(from: 1, to: last - 1, by: 2) { removeThought(from: &dialog.messages[index]) }
            }
            if enablesThinking == false { removeThought(from: &dialog.messages[last]) }
        }
        let turns = try encodedMessages(of: dialog, with: tokenizer)
        var pair = TokenPair(source: turns[..<last].flatMap { $0 }, target: turns[last])
        if isReasoning { try addEmptyThought(to: &pair, answer: dialog.messages[last].content, with: tokenizer) }
        return pair
    }

    /// As `encodeOneTurn`, the answer closed by the end of sequence where the template leaves that to others.
    package func encodeAnswer(in dialog: Dialog, with tokenizer: Tokenizer) throws -> TokenPair {
        var pair = try encodeOneTurn(dialog, with: tokenizer)
        if efficientEndOfSequence, let end = tokenizer.eosTokenID { pair.target.append(end) }
        return pair
    }

    /// The prompt after which a model is to write its answer to the last message.
    package func prompt(for dialog: Dialog, with tokenizer: Tokenizer) throws -> [Int32] {
        var dialog = dialog
        dialog.messages.append(ChatMessage(role: .assistant, content: ""))
        return try encodeOneTurn(dialog, with: tokenizer).source
    }

    // MARK: - Messages

    /// The token ids of every message; those of the first begin with the prefix and the system text.
    private func encodedMessages(of dialog: Dialog, with tokenizer: Tokenizer) throws -> [[Int32]] {
        if readsMedia { try refuseMedia(in: dialog) }
        let system = dialog.system.flatMap { $0.isEmpty ? nil : $0 } ?? defaultSystem
        let tools = try toolText(of: dialog, hasSystem: !system.isEmpty)
        return try dialog.messages.enumerated().map { index, message in
            var slots: [Slot] = []
            var content = message.content
            if index == 0 {
                slots += prefix
                if !system.isEmpty || tools != nil {
                    let filled = Self.filled(self.system, content: system + (tools ?? ""))
                    if kind != .llama2 {
                        slots += filled
                    } else if message.role == .user, case .text(let text)? = filled.first {
                        content = text + content
                    }
                }
            }
            slots += try filledSlots(of: message.role, content: content, index: index)
            return try tokens(of: slots, with: tokenizer)
        }
    }

    private func filledSlots(of role: ChatRole, content: String, index: Int) throws -> [Slot] {
        switch role {
        case .user: Self.filled(user, content: content, turn: kind == .llama2 ? nil : index / 2)
        case .assistant: Self.filled(assistant, content: content)
        case .observation: Self.filled(observation, content: content)
        case .function: Self.filled(function, content: try callText(of: content))
        case .system: throw ChatTemplateError.unexpectedSystemMessage(index: index)
        }
    }

    /// Only the first placeholder of a slot is replaced, the turn's number after the content.
    private static func filled(_ slots: [Slot], content: String, turn: Int? = nil) -> [Slot] {
        slots.map { slot in
            guard case .text(let text) = slot else { return slot }
            let filled = text.replacingFirst("{{content}}", with: content)
            return .text(turn.map { filled.replacingFirst("{{idx}}", with: String($0)) } ?? filled)
        }
    }

    private func tokens(of slots: [Slot], with tokenizer: Tokenizer) throws -> [Int32] {
        var ids: [Int32] = []
        for slot in slots {
            switch slot {
            case .text(let text):
                if !text.isEmpty { ids += try tokenizer.encode(text, addingSpecialTokens: false) }
            case .token(let token):
                guard let id = tokenizer.tokenID(of: token) ?? tokenizer.unkTokenID else {
                    throw ChatTemplateError.unknownToken(token: token, template: name)
                }
                ids.append(id)
            case .beginOfSequence:
                if let id = tokenizer.bosTokenID { ids.append(id) }
            case .endOfSequence:
                if let id = tokenizer.eosTokenID { ids.append(id) }
            }
        }
        return ids
    }
}
