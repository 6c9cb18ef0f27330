/// Which decoder layers `freeze_trainable_layers` chooses.
package enum LayerSelection {
    /// - Parameters:
    ///   - count: the last so many when positive, the first so many when negative; more than there are choose all
    ///   - total: layers of the model
    ///   - isExpanded: the layers that were added to expand the model, the last of each of `count` groups
    ///     (LLaMA Pro, arXiv 2401.02415)
    /// - Throws: `TuningError.unevenExpansion` when the model cannot be divided into so many groups
    package static func layers(trainable count: Int, of total: Int, isExpanded: Bool = false) throws -> Set<Int> {
        guard isExpanded else {
            return Set(count > 0 ? max(0, total - count)..<total : 0..<min(Int(clamping: count.magnitude), total))
        }
        guard count > 0, total % count == 0 else {
            throw TuningError.unevenExpansion(layers: total, trainable: count)
        }
        let stride = total / count
        return Set((1...count).map { $0 * stride - 1 })
    }
}
