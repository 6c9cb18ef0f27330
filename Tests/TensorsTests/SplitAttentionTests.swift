import Tensors
import Testing

/// Attention in bfloat16 parts against the same in float32.
@Suite(.serialized) struct SplitAttentionTests {
    /// Lengths around the tiles of 64 queries and 256 keys; heads of a size that fills no tile.
    struct Case: Sendable, CustomTestStringConvertible {
        var lengths: [Int]
        var unseen: [Int]?
        var window: Int?
        var softCap: Float?
        var isCausal = true
        var heads = 4
        var headSize = 40

        var testDescription: String { "\(lengths) window \(window ?? 0) causal \(isCausal) heads \(heads)" }
    }

    static let cases = [
        Case(lengths: [300, 70]), Case(lengths: [63, 64, 65], softCap: 3), Case(lengths: [400], window: 90),
        Case(lengths: [33, 280, 1], isCausal: false, heads: 2, headSize: 64),
        Case(lengths: [90, 40], unseen: [7, 0], heads: 2),
    ]

    private func results(_ test: Case, _ precision: MatmulPrecision) throws -> [[Float]] {
        let options = AttentionOptions(
            heads: test.heads, keyValueHeads: 2, headSize: test.headSize, slidingWindow: test.window,
            softCap: test.softCap, isCausal: test.isCausal)
        let layout = try SequenceLayout(lengths: test.lengths, unseen: test.unseen)
        let total = layout.totalTokens
        let tape = Tape(recording: true, precision: precision)
        let (queries, pairs) = (test.heads * test.headSize, 2 * test.headSize)
        let (q, k, v) = (
            tape.leaf(noise([total, queries], "q", scale: 2)), tape.leaf(noise([total, pairs], "k")),
            tape.leaf(noise([total, pairs], "v"))
        )
        let y = try tape.attention(q, k, v, layout: layout, options: options)
        try tape.backward(from: y, gradient: noise([total, queries], "dy"))
        return try [y.value.array] + [q, k, v].map { try #require(tape.gradient(of: $0)).array }
    }

    @Test(arguments: cases) func isNearFloat32(_ test: Case) throws {
        let exact = try results(test, .highest)
        for (precision, bound) in [(MatmulPrecision.high, Float(3e-5)), (.medium, 2e-2)] {
            let found = try results(test, precision)
            for (left, right) in zip(found, exact) {
                #expect(left != right && relativeError(left, right) < bound, "\(precision)")
            }
        }
    }

    @Test(arguments: [MatmulPrecision.high, .medium]) func threadsChangeNoBit(_ precision: MatmulPrecision) throws {
        let expected = try results(Self.cases[0], precision)
        defer { ComputePool.shared.limitThreads(to: nil) }
        for threads in [1, 2, 3, 8] {
            ComputePool.shared.limitThreads(to: threads)
            #expect(try results(Self.cases[0], precision) == expected, "\(threads) threads")
        }
    }

    /// A sequence's numbers do not depend on those beside it.
    @Test func neighboursChangeNoBit() throws {
        let alone = try results(Case(lengths: [300]), .medium)[0]
        let together = try results(Case(lengths: [300, 70]), .medium)[0]
        #expect(Array(together[..<alone.count]) == alone)
    }

    @Test func memoryIsRehearsed() throws {
        func step() throws { _ = try results(Self.cases[0], .high) }
        TensorMemory.trim()
        TensorMemory.resetPeak()
        let before = TensorMemory.statistics.liveBytes
        try step()
        let real = TensorMemory.statistics.peakBytes - before
        let rehearsal = Rehearsal(threads: ComputePool.shared.threads)
        try rehearsal.run(step)
        #expect(rehearsal.figures.peakLiveBytes >= real && rehearsal.figures.peakLiveBytes <= real + (2 << 20))
    }
}
