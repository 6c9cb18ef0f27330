import Optimizers
import RunConfiguration

/// `use_apollo`, or `optim` with one of the trainer's own names of it: matrices of linear layers by gradients that are
/// scaled as their low-rank projection tells.
enum APOLLOArrangement: OptimizerArrangement {
    static let names = TrainerNames.all("apollo_adamw", endings: ["", "_layerwise"])

    static func isChosen(by configuration: RunConfiguration) -> Bool {
        configuration[Parameters.useApollo] || names.contains(configuration[Parameters.optim])
    }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let configuration = start.configuration
        let isTrainers = names.contains(configuration[Parameters.optim])
        let (settings, targets, isLayerwise) = try isTrainers ? trainers(start) : own(start)
        let adamW = start.transformersAdamW()
        let apollo = APOLLO(adamW, settings, seed: UInt64(max(0, configuration[Parameters.seed])))
        return ArrangedOptimizers(
            groups: start.projectedGroups(apollo, for: targets, others: adamW), isLayerwise: isLayerwise,
            description: "APOLLO for \(targets.count) matrices in rank \(settings.rank), AdamW for the others"
                + (isLayerwise ? ", layer by layer" : ""))
    }

    private typealias Chosen = (settings: APOLLO.Settings, targets: Set<String>, isLayerwise: Bool)

    private static func own(_ start: OptimizerStart) throws -> Chosen {
        let configuration = start.configuration
        _ = try start.named()
        let settings = APOLLO.Settings(
            side: try start.word(Parameters.apolloProjType), basis: try start.word(Parameters.apolloProj),
            scaling: try start.word(Parameters.apolloScaleType), rank: configuration[Parameters.apolloRank],
            interval: configuration[Parameters.apolloUpdateInterval], scale: configuration[Parameters.apolloScale])
        let targets = try start.matrices(of: configuration[Parameters.apolloTarget], Parameters.apolloTarget.name)
        return (settings, targets, configuration[Parameters.apolloLayerwise])
    }

    /// As transformers' trainer sets it up, with its defaults.
    private static func trainers(_ start: OptimizerStart) throws -> Chosen {
        let optim = start.configuration[Parameters.optim]
        let arguments = try start.arguments(
            of: optim, known: ["rank", "update_proj_gap", "scale", "proj", "proj_type", "scale_type"])
        let settings = APOLLO.Settings(
            side: try arguments.word("proj_type", among: [.std, .left, .right]) ?? .std,
            basis: try arguments.word("proj") ?? .random, scaling: try arguments.word("scale_type") ?? .channel,
            rank: try arguments.count("rank") ?? 128, interval: try arguments.count("update_proj_gap") ?? 200,
            scale: try arguments.number("scale", "0 or more") { $0 >= 0 } ?? 1)
        return (settings, try start.trainerTargets(), optim.hasSuffix("_layerwise"))
    }
}
