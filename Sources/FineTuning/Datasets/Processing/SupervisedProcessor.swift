import ChatTemplates
import Tokenization

/// Turns dialogs into items whose answers are trained on.
struct SupervisedProcessor: Sendable {
    let template: ChatTemplate
    let tokenizer: Tokenizer
    /// Tokens of one item, prompts and answers together.
    let cutoff: Int
    let trainsOnPrompt: Bool
    /// Only the last answer is trained on, and the newest turns are kept if not all fit.
    let masksHistory: Bool

    /// What did not fit into an item.
    struct Truncation: Hashable, Sendable {
        var sourceTokens = 0
        var targetTokens = 0
        var turns = 0

        var isEmpty: Bool { self == Truncation() }
    }

    func encode(_ example: AlignedExample) throws -> (item: TrainingItem, truncation: Truncation) {
        let dialog = Dialog(
            messages: example.prompt + example.responses, system: example.system, tools: example.tools)
        var pairs = try template.encode(
            dialog, with: tokenizer, discardingHistoryThoughts: masksHistory && !template.preservesThinking)
        if masksHistory { pairs.reverse() }
        var turns: [(ids: [Int32], labels: [Int32])] = []
        var truncation = Truncation()
        var total = template.efficientEndOfSequence ? 1 : 0
        for (number, pair) in pairs.enumerated() {
            guard total < cutoff else {
                truncation.turns = pairs.count - number
                break
            }
            let kept = LengthBudget.kept(
                source: pair.source.count, target: pair.target.count, budget: cutoff - total)
            truncation.sourceTokens += pair.source.count - kept.source
            truncation.targetTokens += pair.target.count - kept.target
            let source = pair.source[..<kept.source]
            let target = pair.target[..<kept.target]
            total += source.count + target.count
            turns.append(
                (Array(source + target), sourceLabels(of: source, number: number) + targetLabels(of: target, number)))
        }
        if masksHistory { turns.reverse() }
        var ids = turns.flatMap(\.ids)
        var labels = turns.flatMap(\.labels)
        if template.efficientEndOfSequence, let end = tokenizer.eosTokenID {
            ids.append(end)
            labels.append(end)
        }
        return (TrainingItem(inputIDs: ids, labels: labels), truncation)
    }

    /// With an efficient end of sequence, the first token of a later prompt teaches where the answer before it ends.
    private func sourceLabels(of source: ArraySlice<Int32>, number: Int) -> [Int32] {
        if trainsOnPrompt { return Array(source) }
        var labels = [Int32](repeating: ignoredLabel, count: source.count)
        if template.efficientEndOfSequence, number > 0, let end = tokenizer.eosTokenID, !labels.isEmpty {
            labels[0] = end
        }
        return labels
    }

    private func targetLabels(of target: ArraySlice<Int32>, _ number: Int) -> [Int32] {
        masksHistory && number > 0 ? [Int32](repeating: ignoredLabel, count: target.count) : Array(target)
    }
}
