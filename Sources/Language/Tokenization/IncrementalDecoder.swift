/// Decodes a stream of ids. The parts it returns, put together, are exactly what `decode` gives for all ids.
///
/// Bytes that are no whole character yet are held back, and so is a run of byte-fallback tokens until it ends.
package struct IncrementalDecoder: Sendable {
    private let tokenizer: Tokenizer
    private var stream: DecodingStream
    private let skippingSpecialTokens: Bool

    init(_ tokenizer: Tokenizer, _ stream: DecodingStream, skippingSpecialTokens: Bool) {
        self.tokenizer = tokenizer
        self.stream = stream
        self.skippingSpecialTokens = skippingSpecialTokens
    }

    /// The text that became certain with this id; often empty.
    package mutating func push(_ identifier: Int32) throws -> String {
        var output: [UInt8] = []
        try push(identifier, to: &output)
        return output.text
    }

    /// The rest of the text. The decoder must not be used afterwards.
    package mutating func finish() throws -> String {
        var output: [UInt8] = []
        try finish(to: &output)
        return output.text
    }

    mutating func push(_ identifier: Int32, to output: inout [UInt8]) throws {
        guard let token = tokenizer.tokenBytes(identifier) else { return }
        if skippingSpecialTokens, tokenizer.added.isSpecial(token) { return }
        try stream.push(token, to: &output)
    }

    mutating func finish(to output: inout [UInt8]) throws { try stream.finish(to: &output) }
}
