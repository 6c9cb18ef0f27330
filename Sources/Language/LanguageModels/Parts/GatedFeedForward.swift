import Tensors

/// `down(activation(gate(x)) * up(x))` (Shazeer, arXiv 2002.05202).
struct GatedFeedForward: FeedForward {
    let gate: LinearLayer  // (intermediate, hidden)
    let up: LinearLayer  // (intermediate, hidden)
    let down: LinearLayer  // (hidden, intermediate)
    let activation: GateActivation

    /// What the three layers are called in checkpoints.
    struct Names {
        var gate = "gate_proj"
        var up = "up_proj"
        var down = "down_proj"
    }

    /// The tensors in which some checkpoints keep the layers of several such networks.
    struct Fused {
        /// `(networks, 2 * intermediate, hidden)`, gate first.
        var gateAndUp: FusedTensor
        /// `(networks, hidden, intermediate)`
        var down: FusedTensor
        /// Which of the networks this is.
        var number: Int
    }

    init(
        _ builder: inout ModelBuilder, _ path: String, size: Int? = nil, activation: GateActivation = .silu,
        bias: Bool = false, names: Names = Names(), fused: Fused? = nil
    ) throws {
        let (hidden, size) = (builder.configuration.hiddenSize, size ?? builder.configuration.intermediateSize)
        gate = try builder.linear(
            "\(path).\(names.gate)", size, hidden, bias: bias,
            fused: fused.map { $0.gateAndUp.rows(2 * $0.number * size, size) })
        up = try builder.linear(
            "\(path).\(names.up)", size, hidden, bias: bias,
            fused: fused.map { $0.gateAndUp.rows((2 * $0.number + 1) * size, size) })
        down = try builder.linear(
            "\(path).\(names.down)", hidden, size, bias: bias,
            fused: fused.map { $0.down.rows($0.number * hidden, hidden) })
        self.activation = activation
    }

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let gated = try pass.tape.gated(pass.linear(hidden, gate), pass.linear(hidden, up), activation)
        return try pass.linear(gated, down)
    }
}
