import Optimizers
import RunConfiguration
import Tensors

/// `use_adam_mini`: AdamW that remembers one mean square for each block of a parameter.
enum AdamMiniArrangement: OptimizerArrangement {
    static func isChosen(by configuration: RunConfiguration) -> Bool { configuration[Parameters.useAdamMini] }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        // Its settings are checked although it is not used.
        _ = try start.named()
        let configuration = start.configuration
        let optimizer = AdamMini(
            beta1: configuration[Parameters.adamBeta1], beta2: configuration[Parameters.adamBeta2],
            epsilon: configuration[Parameters.adamEpsilon],
            headCount: start.hiddenSize * start.hiddenSize / start.attentionHeads)
        for parameter in start.parameters { try optimizer.check(parameter) }
        func group(_ isDecayed: Bool) -> OptimizerGroup {
            OptimizerGroup(
                start.parameters.filter { AdamMini.isDecayed($0.name) == isDecayed }, optimizer,
                weightDecay: isDecayed ? configuration[Parameters.weightDecay] : 0)
        }
        return ArrangedOptimizers(groups: [group(true), group(false)], description: "Adam-mini")
    }
}
