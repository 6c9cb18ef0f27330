import LanguageModels
import RunConfiguration
import Tensors

/// The rows of embedding and output head that are trained where the others stay as they were
/// (`train_new_tokens_only`).
struct TrainedRows {
    private let parameters: [Tensors.Parameter]
    private let rows: Set<Int>

    /// Nil where whatever is trainable is trained as a whole.
    init?(_ configuration: RunConfiguration, _ model: RunModel) {
        guard configuration[Parameters.trainNewTokensOnly] else { return nil }
        let base = model.trainable.base
        let names = [base.embeddingPath, base.headPath].map { "\($0).weight" }
        // An adapter's names are the model's behind a prefix.
        parameters = model.parameters.filter { parameter in names.contains { parameter.name.hasSuffix($0) } }
        rows = Set((model.trainable.source.growth?.tokens ?? []).map { Int($0) })
    }

    /// Forgets the gradients of all other rows, so that no optimizer moves them and no norm counts them.
    func clearOtherGradients() {
        for parameter in parameters { parameter.gradient?.clearRows(except: rows) }
    }
}
