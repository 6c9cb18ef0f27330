import Optimizers
import RunConfiguration

/// `use_galore`, or `optim` with one of the trainer's own names of it: matrices of linear layers by a low-rank
/// projection of their gradients.
enum GaLoreArrangement: OptimizerArrangement {
    static let names = TrainerNames.all(
        "galore_adamw", "galore_adamw_8bit", "galore_adafactor", endings: ["", "_layerwise"])

    static func isChosen(by configuration: RunConfiguration) -> Bool {
        configuration[Parameters.useGalore] || names.contains(configuration[Parameters.optim])
    }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let settings = try names.contains(start.configuration[Parameters.optim]) ? trainers(start) : own(start)
        let galore = GaLore(
            settings.inner, side: settings.side, rank: settings.rank, interval: settings.interval,
            scale: settings.scale)
        return ArrangedOptimizers(
            groups: start.projectedGroups(galore, for: settings.targets, others: settings.inner),
            isLayerwise: settings.isLayerwise,
            description:
                "GaLore around \(settings.innerName), \(settings.targets.count) matrices in rank \(settings.rank)"
                + (settings.isLayerwise ? ", layer by layer" : ""))
    }

    private struct Settings {
        /// Works on the projections, and on all other parameters.
        var inner: any Optimizer
        var innerName: String
        var targets: Set<String>
        var rank: Int
        var interval: Int
        var scale: Double
        var side: ProjectionSide
        var isLayerwise: Bool
    }

    private static func own(_ start: OptimizerStart) throws -> Settings {
        let configuration = start.configuration
        return Settings(
            inner: try start.published(), innerName: configuration[Parameters.optim],
            targets: try start.matrices(of: configuration[Parameters.galoreTarget], Parameters.galoreTarget.name),
            rank: configuration[Parameters.galoreRank], interval: configuration[Parameters.galoreUpdateInterval],
            scale: configuration[Parameters.galoreScale], side: try start.word(Parameters.galoreProjType),
            isLayerwise: configuration[Parameters.galoreLayerwise])
    }

    /// As transformers' trainer sets it up, with its defaults.
    private static func trainers(_ start: OptimizerStart) throws -> Settings {
        let optim = start.configuration[Parameters.optim]
        let arguments = try start.arguments(of: optim, known: ["rank", "update_proj_gap", "scale", "proj_type"])
        let inner = optim.contains("8bit") ? "adamw_8bit" : optim.contains("adafactor") ? "adafactor" : "adamw_torch"
        return Settings(
            inner: try start.published(as: inner), innerName: inner, targets: try start.trainerTargets(),
            rank: try arguments.count("rank") ?? 128, interval: try arguments.count("update_proj_gap") ?? 200,
            scale: try arguments.number("scale") ?? 0.25, side: try arguments.word("proj_type") ?? .std,
            isLayerwise: optim.hasSuffix("_layerwise"))
    }
}
