import Optimizers
import RunConfiguration

/// `use_galore`: matrices of linear layers by a low-rank projection of their gradients.
enum GaLoreArrangement: OptimizerArrangement {
    static func isChosen(by configuration: RunConfiguration) -> Bool { configuration[Parameters.useGalore] }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let configuration = start.configuration
        let inner = try inner(start)
        let rank = configuration[Parameters.galoreRank]
        let galore = GaLore(
            inner, side: try start.word(Parameters.galoreProjType), rank: rank,
            interval: configuration[Parameters.galoreUpdateInterval], scale: configuration[Parameters.galoreScale])
        let targets = try start.matrices(of: configuration[Parameters.galoreTarget], Parameters.galoreTarget.name)
        return ArrangedOptimizers(
            groups: start.projectedGroups(galore, for: targets, others: inner),
            description: "GaLore around \(configuration[Parameters.optim]), \(targets.count) matrices in rank \(rank)")
    }

    /// What works on the projections, and on all other parameters.
    private static func inner(_ start: OptimizerStart) throws -> any Optimizer {
        let named = try start.named()
        return named is AdamW ? start.transformersAdamW() : named
    }
}
