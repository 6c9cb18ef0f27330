import CKernels
import Glibc

/// Cosines and sines of the rotary position embedding, made for as many positions as were needed so far.
package final class RotaryTable: @unchecked Sendable {
    // Sendable by the rule that one thread builds and runs a model.

    /// Half the number of rotated dimensions of a head.
    package let half: Int
    private let inverseFrequencies: [Float]
    private let attentionFactor: Float
    private var positions = 0
    private(set) var cosines = Tensor(uninitialized: [0])
    private(set) var sines = Tensor(uninitialized: [0])

    /// - Parameters:
    ///   - inverseFrequencies: one per rotated pair.
    ///   - attentionFactor: multiplies cosines and sines (YaRN, LongRoPE), 1 otherwise.
    package init(inverseFrequencies: [Float], attentionFactor: Float = 1) {
        half = inverseFrequencies.count
        self.inverseFrequencies = inverseFrequencies
        self.attentionFactor = attentionFactor
    }

    /// Makes the table long enough for positions below `count`.
    func extend(to count: Int) {
        guard count > positions else { return }
        let rows = max(count, min(positions * 2, 1 << 16), 64)
        let (newCosines, newSines) = (Tensor(uninitialized: [rows, half]), Tensor(uninitialized: [rows, half]))
        for position in 0..<rows {
            for (index, frequency) in inverseFrequencies.enumerated() {
                let angle = Float(position) * frequency
                newCosines.pointer[position * half + index] = cosf(angle) * attentionFactor
                newSines.pointer[position * half + index] = sinf(angle) * attentionFactor
            }
        }
        (cosines, sines, positions) = (newCosines, newSines, rows)
    }
}

extension Tape {
    /// Rotates every head of `x` by its row's position, in the layout that pairs dimension i with i + half.
    ///
    /// - Parameters:
    ///   - x: `(tokens, heads * headSize)`.
    ///   - positions: one per row; they restart at 0 with each packed sequence.
    package func rotaryEmbedding(
        _ x: Variable, headSize: Int, table: RotaryTable, positions: [Int32]
    ) throws -> Variable {
        guard positions.count == x.value.rows else {
            throw TensorError.shapeMismatch(
                operation: "rotaryEmbedding positions", expected: [x.value.rows], actual: [positions.count])
        }
        guard headSize > 0, x.value.columns % headSize == 0, table.half * 2 <= headSize else {
            throw TensorError.shapeMismatch(
                operation: "rotaryEmbedding", expected: [x.value.rows, headSize], actual: x.shape)
        }
        if let lowest = positions.min(), lowest < 0 {
            throw TensorError.indexOutOfRange(operation: "rotaryEmbedding", index: Int(lowest), limit: Int(Int32.max))
        }
        table.extend(to: Int(positions.max() ?? 0) + 1)
        let (cosines, sines) = (table.cosines, table.sines)
        let result = x.value.copy()
        Rotation.apply(result, headSize, cosines, sines, positions, direction: 1)
        let slot = x.slot
        return record(result, needed: x.needsGradient) { tape, gradient in
            // The transposed rotation is the rotation back; a factor in the table scales both ways.
            let turned = isKnownUniquelyReferenced(&gradient) ? gradient : gradient.copy()
            Rotation.apply(turned, headSize, cosines, sines, positions, direction: -1)
            tape.accumulate(turned, into: slot)
        }
    }
}

private enum Rotation {
    static func apply(
        _ x: Tensor, _ headSize: Int, _ cosines: Tensor, _ sines: Tensor, _ positions: [Int32], direction: Float
    ) {
        let (columns, half) = (x.columns, cosines.columns)
        let (data, c, s) = (x.pointer, cosines.pointer, sines.pointer)
        positions.withUnsafeBufferPointer { positions in
            guard let lines = positions.baseAddress else { return }
            let size = max(1, Elementwise.block / max(1, columns))
            ComputePool.shared.forEachBlock(positions.count, atMost: size) { rows in
                let start = rows.lowerBound
                kernel_rotate_f32(
                    data + start * columns, c, s, lines + start, rows.count, columns / headSize, headSize, half,
                    direction)
            }
        }
    }
}
