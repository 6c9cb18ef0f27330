import Optimizers
import RunConfiguration
import Tensors

/// `use_muon`: matrices by Muon, embeddings, heads and vectors by AdamW.
enum MuonArrangement: OptimizerArrangement {
    static func isChosen(by configuration: RunConfiguration) -> Bool { configuration[Parameters.useMuon] }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        // Its settings are checked although it is not used.
        _ = try start.named()
        let isMatrix = { (parameter: Tensors.Parameter) in
            parameter.shape.count == 2 && !["embed", "lm_head"].contains { parameter.name.contains($0) }
        }
        let (matrices, others) = (start.parameters.filter(isMatrix), start.parameters.filter { !isMatrix($0) })
        // Norms and biases decay as well, as in the reference.
        let decay = start.configuration[Parameters.weightDecay]
        return ArrangedOptimizers(
            groups: [
                OptimizerGroup(matrices, Muon(), weightDecay: decay),
                OptimizerGroup(others, start.transformersAdamW(decaysFirst: true), weightDecay: decay),
            ],
            description: "Muon for \(matrices.count) matrices, AdamW for \(others.count) other tensors")
    }
}
