import Tensors

/// As `GatedFeedForward`, with gate and up in one matrix, gate first.
struct FusedFeedForward: FeedForward {
    let gateAndUp: LinearLayer  // (2 * intermediate, hidden)
    let down: LinearLayer  // (hidden, intermediate)

    init(_ builder: inout ModelBuilder, _ path: String) throws {
        let (hidden, size) = (builder.configuration.hiddenSize, builder.configuration.intermediateSize)
        gateAndUp = try builder.linear("\(path).gate_up_proj", 2 * size, hidden)
        down = try builder.linear("\(path).down_proj", hidden, size)
    }

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let both = try pass.linear(hidden, gateAndUp)
        let size = both.value.columns / 2
        let gated = try pass.tape.gated(
            pass.tape.columns(0..<size, of: both), pass.tape.columns(size..<2 * size, of: both), .silu)
        return try pass.linear(gated, down)
    }
}
