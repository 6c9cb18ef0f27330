import Optimizers
import RunConfiguration

/// `use_apollo`: matrices of linear layers by gradients that are scaled as their low-rank projection tells.
enum APOLLOArrangement: OptimizerArrangement {
    static func isChosen(by configuration: RunConfiguration) -> Bool { configuration[Parameters.useApollo] }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let configuration = start.configuration
        let adamW = start.transformersAdamW()
        let rank = configuration[Parameters.apolloRank]
        let apollo = APOLLO(
            adamW, side: try start.word(Parameters.apolloProjType), basis: try start.word(Parameters.apolloProj),
            scaling: try start.word(Parameters.apolloScaleType), rank: rank,
            interval: configuration[Parameters.apolloUpdateInterval], scale: configuration[Parameters.apolloScale],
            seed: UInt64(max(0, configuration[Parameters.seed])))
        let targets = try start.matrices(of: configuration[Parameters.apolloTarget], Parameters.apolloTarget.name)
        return ArrangedOptimizers(
            groups: start.projectedGroups(apollo, for: targets, others: adamW),
            description: "APOLLO for \(targets.count) matrices in rank \(rank), AdamW for the others")
    }
}
