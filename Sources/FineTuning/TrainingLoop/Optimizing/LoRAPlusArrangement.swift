import Optimizers
import RunConfiguration

/// `loraplus_lr_ratio`: an adapter's two sides at rates of their own.
enum LoRAPlusArrangement: OptimizerArrangement {
    static func isChosen(by configuration: RunConfiguration) -> Bool {
        configuration[Parameters.loraplusLrRatio] != nil
    }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let configuration = start.configuration
        let ratio = configuration[Parameters.loraplusLrRatio] ?? 1
        return ArrangedOptimizers(
            groups: OptimizerGroup.loraPlus(
                start.parameters, try start.named(), weightDecay: configuration[Parameters.weightDecay], ratio: ratio,
                embeddingFactor: configuration[Parameters.loraplusLrEmbedding]
                    / max(configuration[Parameters.learningRate], .leastNormalMagnitude)),
            description: "\(configuration[Parameters.optim]) with LoRA+, the second matrices \(ratio) times as fast")
    }
}
