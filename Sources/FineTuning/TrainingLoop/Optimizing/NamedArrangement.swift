import Optimizers
import RunConfiguration

/// One optimizer for all parameters: the one that `optim` names.
enum NamedArrangement: OptimizerArrangement {
    static var names: [String] { OptimizerRegistry.names }

    static func isChosen(by configuration: RunConfiguration) -> Bool { true }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        ArrangedOptimizers(
            groups: OptimizerGroup.decayedAndNot(
                start.parameters, try start.named(), weightDecay: start.configuration[Parameters.weightDecay]),
            description: start.configuration[Parameters.optim])
    }
}
