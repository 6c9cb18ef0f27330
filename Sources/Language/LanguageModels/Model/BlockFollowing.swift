import Tensors

extension DecoderModel {
    /// The same model, which calls `action` behind each block and at the end of a pass.
    ///
    /// A model that lies in files and is gone through now and then need not stay in memory as a whole.
    package func following(eachBlock action: @escaping @Sendable () -> Void) -> DecoderModel {
        var parts = parts
        parts.blocks = parts.blocks.map { FollowedBlock(block: $0, action: action) }
        return DecoderModel(self, parts: parts)
    }
}

private struct FollowedBlock: DecoderBlock {
    let block: any DecoderBlock
    let action: @Sendable () -> Void

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        defer { action() }
        return try block.forward(hidden, in: pass)
    }
}
