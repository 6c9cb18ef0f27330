import Glibc
import Tensors
import WeightFiles

/// Whether the output head and the token embedding are one matrix, when a checkpoint says otherwise than its
/// `config.json`.
///
/// As transformers 5 reads them: one matrix under either name serves both, and two that differ are both used, whatever
/// `tie_word_embeddings` says. A head that is nowhere is not made up.
enum TiedHead {
    static let embedding = "model.embed_tokens.weight"
    static let head = "lm_head.weight"

    /// The configuration that fits the weights, and the name under which the file keeps the embedding.
    static func resolved(
        _ configuration: ModelConfiguration, in weights: CheckpointWeights
    ) throws -> (configuration: ModelConfiguration, embedding: String) {
        guard weights.contains(head) else {
            let isElsewhere = !weights.contains(embedding) || weights.contains("lm_head.qweight")
            guard configuration.tiesEmbeddings || isElsewhere else {
                throw ModelLoadingError.noHead(directory: weights.directory)
            }
            return (configuration, embedding)
        }
        guard configuration.tiesEmbeddings else { return (configuration, embedding) }
        guard weights.contains(embedding) else { return (configuration, head) }
        let shape = [configuration.vocabularySize, configuration.hiddenSize]
        let (one, other) = (try weights.weight(embedding, shape: shape), try weights.weight(head, shape: shape))
        let areEqual = one.withElements { format, left in
            other.withElements { $0 == format && isEqual(left, $1) }
        }
        if areEqual == true { return (configuration, embedding) }
        var untied = configuration
        untied.tiesEmbeddings = false
        untied.warnings.append(
            "\(weights.directory): config.json ties the output head to the embedding, but \(head) differs from "
                + "\(embedding); both are used as they are, as with `tie_word_embeddings: false`")
        return (untied, embedding)
    }

    private static func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count, let one = left.baseAddress, let other = right.baseAddress else {
            return left.isEmpty && right.isEmpty
        }
        return memcmp(one, other, left.count) == 0
    }
}
