package import Tensors

/// Parameters that are updated by one optimizer with the same settings.
package struct OptimizerGroup: Sendable {
    package let parameters: [Parameter]
    package let optimizer: any Optimizer
    package let weightDecay: Double
    /// What the schedule's learning rate is multiplied by for this group.
    package let rateFactor: Double

    package init(
        _ parameters: [Parameter], _ optimizer: any Optimizer, weightDecay: Double, rateFactor: Double = 1
    ) {
        self.parameters = parameters
        self.optimizer = optimizer
        self.weightDecay = weightDecay
        self.rateFactor = rateFactor
    }

    /// The two groups of the reference: first what decays, then what does not; either may be empty.
    package static func decayedAndNot(
        _ parameters: [Parameter], _ optimizer: any Optimizer, weightDecay: Double
    ) -> [OptimizerGroup] {
        [
            OptimizerGroup(parameters.filter { isDecayed($0.name) }, optimizer, weightDecay: weightDecay),
            OptimizerGroup(parameters.filter { !isDecayed($0.name) }, optimizer, weightDecay: 0),
        ]
    }

    /// Whether weight decay applies to a parameter: norms and biases, told by their names, are spared.
    package static func isDecayed(_ name: String) -> Bool {
        let lowered = name.lowercased()
        if ["bias", "layernorm", "rmsnorm"].contains(where: { lowered.contains($0) }) { return false }
        // `norm` alone, or at the end of a name after an underscore: model.norm.weight, self_attn.q_norm.weight.
        return !lowered.split(separator: ".", omittingEmptySubsequences: false).contains {
            $0 == "norm" || $0.hasSuffix("_norm")
        }
    }
}
