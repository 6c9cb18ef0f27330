import Datasets
import Glibc
import LanguageModels
import RunConfiguration
import Tensors
import TrainingLoop

/// Texts on which the perplexities of a model and of its export are compared: the beginning of `eval_dataset`.
struct ExportPerplexity {
    private let items: [TrainingItem]

    /// Items that are looked at; perplexity says no more about a merge with more of them.
    static let most = 64

    /// Nil where no data is given.
    init?(_ configuration: RunConfiguration, _ text: RunTokenizer, workingDirectory: String?) throws {
        guard configuration[Parameters.evalDataset]?.isEmpty == false else { return nil }
        let data = try prepareData(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template,
            stage: configuration[Parameters.stage], workingDirectory: workingDirectory ?? "/")
        items = data.evaluations.flatMap(\.items).prefix(Self.most).flatMap(\.rows)
        if items.isEmpty { return nil }
    }

    /// e to the mean negative log-likelihood of the labelled tokens.
    func value(of subject: ExportProof.Subject) throws -> Double {
        defer { subject.forgetPages() }
        var (sum, count) = (0.0, 0)
        for item in items {
            let result = try subject.model.loss(
                item.inputIDs, labels: item.labels, layout: SequenceLayout(lengths: [item.inputIDs.count]),
                on: Tape(recording: false), branches: subject.branches)
            sum += result.sum
            count += result.count
        }
        return exp(sum / Double(max(1, count)))
    }
}
