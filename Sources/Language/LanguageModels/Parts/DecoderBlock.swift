package import Tensors

/// One block of a decoder. A family puts its blocks together from parts, or brings one of its own.
package protocol DecoderBlock: Sendable {
    /// - Parameter hidden: `(tokens, hidden)`
    /// - Returns: `(tokens, hidden)`
    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable
}

/// What lets tokens of a sequence see each other in a block.
protocol SelfAttention: Sendable {
    /// - Parameter hidden: `(tokens, hidden)`
    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable
}

/// What follows attention in a block: a feed-forward network, or several to choose from.
protocol FeedForward: Sendable {
    /// - Parameter hidden: `(tokens, hidden)`
    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable
}

/// Attention and feed-forward network, each normalised before and added (Xiong et al., arXiv 2002.04745).
struct PreNormBlock: DecoderBlock {
    let attention: any SelfAttention
    let feedForward: any FeedForward
    let attentionNorm: RMSNorm
    let feedForwardNorm: RMSNorm

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let tape = pass.tape
        let middle = try tape.add(hidden, attention.forward(attentionNorm(hidden, on: tape), in: pass))
        return try tape.add(middle, feedForward.forward(feedForwardNorm(middle, on: tape), in: pass))
    }
}

/// As `PreNormBlock`, with a norm behind each part too before it is added.
struct SandwichNormBlock: DecoderBlock {
    let attention: any SelfAttention
    let feedForward: any FeedForward
    let attentionNorm: RMSNorm
    let attentionOutputNorm: RMSNorm
    let feedForwardNorm: RMSNorm
    let feedForwardOutputNorm: RMSNorm

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let tape = pass.tape
        let attended = try attention.forward(attentionNorm(hidden, on: tape), in: pass)
        let middle = try tape.add(hidden, attentionOutputNorm(attended, on: tape))
        let fed = try feedForward.forward(feedForwardNorm(middle, on: tape), in: pass)
        return try tape.add(middle, feedForwardOutputNorm(fed, on: tape))
    }
}
