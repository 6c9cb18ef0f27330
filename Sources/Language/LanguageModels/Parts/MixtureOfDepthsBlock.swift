import Tensors

/// A block that only the tokens of a sequence with the largest router weights go through, among themselves; the others
/// pass by (mixture of depths, Raposo et al., arXiv 2404.02258).
///
/// Which tokens those are depends on the whole sequence, later tokens too: that is the method.
struct MixtureOfDepthsBlock: DecoderBlock {
    /// In the names of a checkpoint's tensors: of the router, and between the path of a layer and those of its block.
    static let routerName = ".router.weight_predictor."
    static let pathPart = ".block."

    let router: LinearLayer  // (1, hidden)
    let block: any DecoderBlock

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let tape = pass.tape
        let weights = try pass.linear(hidden, router)
        let chosen = Self.chosen(weights.value, layout: pass.layout, capacity: Self.capacity(update: tape.update))
        guard !chosen.isEmpty else { return hidden }
        let inner = try pass.restricted(to: chosen)
        let through = try block.forward(tape.gatherRows(hidden, chosen), in: inner)
        inner.reports.forEach(pass.report)
        let weighed = try tape.scaleRows(through, by: tape.gatherRows(weights, chosen))
        return try tape.replacedRows(hidden, at: chosen, by: weighed)
    }

    /// The share of a sequence that is chosen: nearly all in a run's first update, then less and less.
    ///
    /// - Parameter update: counted from 0; nil outside of training
    static func capacity(update: Int?) -> Double {
        guard let update else { return 0.125 }
        let step = update < 1000 ? update + 1 : 1000 + 999 * (update - 999)
        return 0.125 + 0.875 / Double(step)
    }

    /// The chosen rows, ascending: those above the k-th largest weight of their sequence, itself included only where it
    /// is the single one.
    static func chosen(_ weights: Tensor, layout: SequenceLayout, capacity: Double) -> [Int] {
        var chosen: [Int] = []
        for (start, length) in zip(layout.offsets, layout.lengths) where length > 0 {
            let count = max(1, Int(capacity * Double(length)))
            let rows = start..<start + length
            // A rehearsal's weights mean nothing.
            guard !Rehearsal.isActive else { chosen += rows.prefix(max(1, count - 1)); continue }
            let threshold = rows.map { weights[$0] }.sorted(by: >)[count - 1]
            chosen += rows.filter { count == 1 ? weights[$0] >= threshold : weights[$0] > threshold }
        }
        return chosen
    }
}
