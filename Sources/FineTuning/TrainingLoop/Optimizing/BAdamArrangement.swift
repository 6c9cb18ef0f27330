import Optimizers
import RunConfiguration
import Tensors

/// `use_badam`: one block of the model at a time, or a share of every tensor.
enum BAdamArrangement: OptimizerArrangement {
    static func isChosen(by configuration: RunConfiguration) -> Bool { configuration[Parameters.useBadam] }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        switch try start.word(Parameters.badamMode) as Mode {
        case .layer: try layers(start)
        case .ratio: try shares(start)
        }
    }

    private enum Mode: String, CaseIterable { case layer, ratio }

    /// Blocks are the decoder layers; what is beside them is never trained.
    private static func layers(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let configuration = start.configuration
        let blocks = BlockSelection.blocks(start.parameters.map(\.name))
        let order = configuration[Parameters.badamSwitchMode].flatMap(BlockSelection.Order.init(rawValue:))
        let interval = configuration[Parameters.badamSwitchInterval] ?? -1
        let selection = try BlockSelection(
            blocks: blocks, order: order ?? .ascending, first: configuration[Parameters.badamStartBlock],
            interval: interval, seed: UInt64(max(0, configuration[Parameters.seed])),
            verbosity: configuration[Parameters.badamVerbose])
        let inBlocks = { (parameter: Tensors.Parameter) in selection.contains(parameter.name) }
        return ArrangedOptimizers(
            groups: OptimizerGroup.decayedAndNot(
                start.parameters.filter(inBlocks), try start.named(),
                weightDecay: configuration[Parameters.weightDecay]),
            selection: selection, idle: start.parameters.filter { !inBlocks($0) },
            description: "BAdam around \(configuration[Parameters.optim]), \(blocks.count) blocks",
            notes: { totalSteps in
                order == .fixed || interval < 1 || totalSteps + 1 >= interval * blocks.count
                    ? []
                    : [
                        "\(totalSteps) steps are too few to train each of \(blocks.count) blocks for \(interval): "
                            + "set `badam_switch_interval` to \(max(1, (totalSteps + 1) / blocks.count)) or more steps"
                    ]
            })
    }

    /// Embedding and head are not trained; there is no weight decay.
    private static func shares(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        // Its settings are checked although it is not used.
        _ = try start.named()
        let configuration = start.configuration
        let ratio = configuration[Parameters.badamUpdateRatio]
        let isTrained = { (parameter: Tensors.Parameter) in
            !["embed", "lm_head"].contains { parameter.name.contains($0) }
        }
        let optimizer = ShareOfElements(
            start.transformersAdamW(), ratio: ratio, pattern: try start.word(Parameters.badamMaskMode),
            seed: UInt64(max(0, configuration[Parameters.seed])))
        return ArrangedOptimizers(
            groups: [OptimizerGroup(start.parameters.filter(isTrained), optimizer, weightDecay: 0)],
            idle: start.parameters.filter { !isTrained($0) },
            description: "BAdam, \(ratio) of every tensor")
    }
}
