import ChatTemplates
import Tensors
import Tokenization

/// Turns dialogs into items whose answers are trained on.
struct SupervisedProcessor: RowProcessor {
    let template: ChatTemplate
    let tokenizer: Tokenizer
    /// Tokens of one item, prompts and answers together.
    let cutoff: Int
    let trainsOnPrompt: Bool
    /// Only the last answer is trained on, and the newest turns are kept if not all fit.
    let masksHistory: Bool

    func encode(_ example: AlignedExample, previous: () throws -> Conversion) throws -> EncodedRow {
        guard let answer = example.responses.first else {
            return .dropped(DroppedRow(reason: .noResponse, detail: ""))
        }
        guard example.responses.count == 1 else {
            return .dropped(DroppedRow(reason: .twoResponses, detail: "the stage `kto` trains on such rows"))
        }
        let (item, truncation) = try item(of: example, answer: answer)
        return .item(.sequence(item), truncation)
    }

    private func item(
        of example: AlignedExample, answer: ChatMessage
    ) throws -> (item: TrainingItem, truncation: Truncation) {
        let dialog = Dialog(messages: example.prompt + [answer], system: example.system, tools: example.tools)
        var pairs = try template.encode(
            dialog, with: tokenizer, discardingHistoryThoughts: masksHistory && !template.preservesThinking)
        if masksHistory { pairs.reverse() }
        var turns: [(source: ArraySlice<Int32>, target: ArraySlice<Int32>)] = []
        turns.reserveCapacity(pairs.count)
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
            total += kept.source + kept.target
            turns.append((pair.source[..<kept.source], pair.target[..<kept.target]))
        }
        var (ids, labels): ([Int32], [Int32]) = ([], [])
        ids.reserveCapacity(total)
        labels.reserveCapacity(total)
        for place in turns.indices {
            let number = masksHistory ? turns.count - 1 - place : place
            let (source, target) = turns[number]
            ids += source
            ids += target
            addSourceLabels(of: source, number: number, to: &labels)
            addTargetLabels(of: target, number: number, to: &labels)
        }
        if template.efficientEndOfSequence, let end = tokenizer.eosTokenID {
            ids.append(end)
            labels.append(end)
        }
        return (TrainingItem(inputIDs: ids, labels: labels), truncation)
    }

    /// With an efficient end of sequence, the first token of a later prompt teaches where the answer before it ends.
    private func addSourceLabels(of source: ArraySlice<Int32>, number: Int, to labels: inout [Int32]) {
        if trainsOnPrompt {
            labels += source
            return
        }
        let first = labels.count
        labels.append(contentsOf: repeatElement(ignoredLabel, count: source.count))
        if template.efficientEndOfSequence, number > 0, let end = tokenizer.eosTokenID, !source.isEmpty {
            labels[first] = end
        }
    }

    private func addTargetLabels(of target: ArraySlice<Int32>, number: Int, to labels: inout [Int32]) {
        if masksHistory && number > 0 {
            labels.append(contentsOf: repeatElement(ignoredLabel, count: target.count))
        } else {
            labels += target
        }
    }
}
