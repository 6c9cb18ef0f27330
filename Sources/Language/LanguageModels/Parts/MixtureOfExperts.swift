import Tensors

/// Feed-forward networks of which each token uses a few, chosen by a router, and one that all use, if there is one.
///
/// The cost of a pass grows with the experts that tokens chose; the weights of the others are not touched.
struct MixtureOfExperts: FeedForward {
    let router: LinearLayer  // (experts, hidden)
    let experts: [GatedFeedForward]
    /// Experts for each token.
    let choices: Int
    /// Whether a token's weights add up to one.
    let renormalizes: Bool
    let shared: SharedExpert?

    /// The expert of all tokens: its result is multiplied by the sigmoid of `gate`.
    struct SharedExpert: Sendable {
        let network: GatedFeedForward
        let gate: LinearLayer  // (1, hidden)
    }

    /// The experts of a layer, one by one or out of one tensor for all.
    ///
    /// - Parameter size: of each expert; nil for the model's
    static func experts(
        _ builder: inout ModelBuilder, _ path: String, count: Int, size: Int? = nil,
        names: GatedFeedForward.Names = .init()
    ) throws -> [GatedFeedForward] {
        let (hidden, size) = (builder.configuration.hiddenSize, size ?? builder.configuration.intermediateSize)
        return try (0..<count).map { number in
            try GatedFeedForward(
                &builder, "\(path).\(number)", size: size, names: names,
                fused: .init(
                    gateAndUp: FusedTensor(name: "\(path).gate_up_proj", shape: [count, 2 * size, hidden]),
                    down: FusedTensor(name: "\(path).down_proj", shape: [count, hidden, size]), number: number))
        }
    }

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let tape = pass.tape
        let routing = try tape.routing(
            pass.linear(hidden, router), choices: choices, renormalizes: renormalizes, unreported: pass.unreported)
        pass.report(routing.report)
        let outputs = try experts.enumerated().map { number, expert -> Variable? in
            let tokens = routing.tokens[number]
            guard !tokens.isEmpty else { return nil }
            return try expert.forward(tape.gatherRows(hidden, tokens), in: pass)
        }
        let mixed = try tape.combine(outputs, by: routing, width: hidden.value.columns)
        guard let shared else { return mixed }
        let common = try shared.network.forward(hidden, in: pass)
        return try tape.add(mixed, tape.scaleRows(common, bySigmoidOf: pass.linear(hidden, shared.gate)))
    }
}
