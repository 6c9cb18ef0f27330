import Foundation
import Tensors
import Testing

@Suite(.serialized) struct RehearsalTests {
    /// A step over a small block with everything that allocates: products with panels, attention, gates, a loss.
    private func step(rows: Int, width: Int, weight: Weight, up: Weight, head: Weight, policy: CheckpointPolicy) throws
    {
        let tape = Tape(recording: true, checkpointPolicy: policy)
        let layout = try SequenceLayout(lengths: [rows - rows / 3, rows / 3])
        let options = AttentionOptions(heads: 4, keyValueHeads: 4, headSize: width / 4)
        var x = tape.leaf(Tensor(zeros: [rows, width]))
        for _ in 0..<3 {
            x = try tape.checkpoint([x]) { tape, inputs in
                let projection = LinearProjection(weight: .frozen(weight))
                let q = try tape.linear(inputs[0], projection)
                let attended = try tape.attention(q, q, q, layout: layout, options: options)
                let wide = LinearProjection(weight: .frozen(up))
                let gated = try tape.siluGate(tape.linear(attended, wide), tape.linear(attended, wide))
                return [try tape.add(inputs[0], tape.scale(gated, by: 0.5))]
            }[0]
        }
        let labels = (0..<rows).map { Int32($0 % 3 == 0 ? -100 : $0 % 50) }
        let loss = try tape.linearCrossEntropy(x, head: LinearProjection(weight: .frozen(head)), labels: labels)
        try tape.backward(from: loss.loss)
    }

    @Test(arguments: [CheckpointPolicy.keep, .recompute, .keepWhileBelow(liveBytes: 3 << 20)])
    func itAllocatesWhatARealStepAllocates(policy: CheckpointPolicy) throws {
        let (rows, width) = (700, 96)
        func weight(_ shape: [Int]) throws -> Weight {
            let count = shape.reduce(2, *)
            return try Weight(name: "w", format: .bfloat16, shape: shape, copying: [UInt8](repeating: 0, count: count))
        }
        let (square, wide, head) = (
            try weight([width, width]), try weight([width, width]), try weight([640, width])
        )
        TensorMemory.trim()
        let before = TensorMemory.statistics.liveBytes
        let limit: CheckpointPolicy =
            if case .keepWhileBelow(let bytes) = policy { .keepWhileBelow(liveBytes: bytes + before) } else { policy }
        TensorMemory.resetPeak()
        try step(rows: rows, width: width, weight: square, up: wide, head: head, policy: limit)
        let real = TensorMemory.statistics.peakBytes - before
        let rehearsal = Rehearsal(threads: ComputePool.shared.threads)
        try rehearsal.run {
            try step(rows: rows, width: width, weight: square, up: wide, head: head, policy: policy)
        }
        let rehearsed = rehearsal.figures.peakLiveBytes
        // What tasks hold for a moment may or may not coincide with the peak.
        #expect(abs(rehearsed - real) <= max(256 << 10, real / 50), "rehearsed \(rehearsed), real \(real)")
        // Three blocks with three products each forward, as many again when they are recomputed, and backward.
        #expect(rehearsal.figures.calls > 20 && rehearsal.figures.operations > 1e8)
        #expect(rehearsal.figures.peakResidentBytes <= rehearsed + rehearsed / 3 + (32 << 20))
        #expect(!Rehearsal.isActive)
    }

    /// Gigabytes of fillings and sums within a rehearsal leave no trace in the process.
    @Test func itTouchesNoMemoryAndComputesNothing() throws {
        func resident() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
            return try #require(Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1])) * 1024
        }
        let before = try resident()
        let rehearsal = Rehearsal(threads: 2)
        try rehearsal.run {
            let tape = Tape(recording: true)
            let x = tape.leaf(Tensor(zeros: [1 << 15, 1 << 14]))
            let sum = try tape.add(x, tape.constant(x.value.copy()))
            try tape.backward(from: sum, gradient: Tensor(zeros: sum.shape))
        }
        #expect(rehearsal.figures.peakResidentBytes >= 3 * (4 << 29))
        #expect(try resident() - before < 64 << 20)
    }
}
