import RunConfiguration
import Tokenization

/// An item as people check it before they train: ids, text, labels and the text that is trained on.
struct ItemPreview {
    let tokenizer: Tokenizer
    let stage: Stage

    func text(of item: TrainingItem) throws -> String {
        var lines = [
            "input_ids:", "\(item.inputIDs)", "inputs:",
            try tokenizer.decode(item.inputIDs, skippingSpecialTokens: false),
        ]
        if stage != .pt {
            let trained = item.labels.filter { $0 != ignoredLabel }
            lines += [
                "label_ids:", "\(item.labels)", "labels:", try tokenizer.decode(trained, skippingSpecialTokens: false),
            ]
        }
        return lines.joined(separator: "\n")
    }
}
