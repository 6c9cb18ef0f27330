import Tensors
import Testing

/// Operations of mixtures of experts and of depths, with gradients by differences where no reference is needed.
@Suite struct RoutingTests {
    static let first: [Float] = [
        2, 1, 0.5, -1, 0, 3, 1, 0.5, 1, 1.5, 2.5, 0, -1, 0.2, 0.1, 2, 0.3, 0.1, -0.5, 0.2, 1.2, -0.7, 0.4, 0.9,
    ]
    /// The rows of `first` from the last to the first, times -0.5 and plus 0.1.
    static let second: [Float] = (0..<6).reversed().flatMap { (row: Int) -> [Float] in
        let line: ArraySlice<Float> = first[row * 4..<row * 4 + 4]
        return line.map { (number: Float) -> Float in 0.1 - number / 2 }
    }

    private func balance(_ layers: [[Float]], on tape: Tape, unreported: Set<Int> = []) throws -> (Variable, [Variable])
    {
        let logits = try layers.map { tape.leaf(try Tensor($0, shape: [6, 4])) }
        let reports = try logits.map {
            try tape.routing($0, choices: 2, renormalizes: true, unreported: unreported).report
        }
        return (try tape.expertBalance(reports, weight: 1), logits)
    }

    /// Numbers of transformers' `load_balancing_loss_func`.
    @Test func balanceOfTwoLayers() throws {
        let tape = Tape(recording: false)
        #expect(abs(try balance([Self.first, Self.second], on: tape).0.value[0] - 2.000000238) < 1e-6)
        #expect(abs(try balance([Self.first, Self.second], on: tape, unreported: [5]).0.value[0] - 2.015704870) < 1e-6)
        let even = try balance([[Float](repeating: 0.5, count: 24)], on: tape).0.value[0]
        #expect(abs(even - 2) < 1e-6)
    }

    @Test func gradientOfTheBalance() throws {
        let tape = Tape(recording: true)
        let (loss, logits) = try balance([Self.first, Self.second], on: tape, unreported: [5])
        try tape.backward(from: loss)
        let found = try #require(tape.gradient(of: logits[0])).array
        for index in 0..<24 {
            func value(_ step: Float) throws -> Double {
                var moved = Self.first
                moved[index] += step
                return Double(
                    try balance([moved, Self.second], on: Tape(recording: false), unreported: [5]).0.value[0])
            }
            let slope = try (value(0.01) - value(-0.01)) / 0.02
            #expect(abs(Double(found[index]) - slope) < 2e-4, "\(index)")
        }
        #expect(found[20..<24].allSatisfy { $0 == 0 })
    }

    @Test func layersOfOtherSizesAreRefused() throws {
        let tape = Tape(recording: false)
        let (one, other) = (tape.constant(Tensor([1, 1, 1])), tape.constant(Tensor([1, 1, 1, 1, 1])))
        #expect(throws: TensorError.self) { try tape.expertBalance([one, other], weight: 1) }
    }

    /// Losses that were added count by their share, with and without another loss, and only where they are asked for.
    @Test func auxiliaryLosses() throws {
        for (share, isAlone) in [(Float(0.5), false), (0.25, true)] {
            let tape = Tape(recording: true, auxiliaryShare: share)
            let x = tape.leaf(Tensor([3, 4]))
            let main = try tape.weightedSum(x, weights: [10, 0])
            tape.addAuxiliaryLoss(try tape.weightedSum(x, weights: [1, 2]))
            #expect(tape.auxiliaryLoss == Double(share) * 11)
            try isAlone ? tape.backwardFromAuxiliaryLosses() : tape.backward(from: main)
            #expect(tape.gradient(of: x)?.array == [share + (isAlone ? 0 : 10), 2 * share])
            #expect(tape.auxiliaryLoss == 0)
        }
        let tape = Tape(recording: true)
        tape.addAuxiliaryLoss(try tape.weightedSum(tape.leaf(Tensor([1])), weights: [1]))
        #expect(!tape.wantsAuxiliaryLosses && tape.auxiliaryLoss == 0)
    }

    /// Every operation is linear in each input, so its gradient is known.
    @Test func rowsAndColumns() throws {
        let tape = Tape(recording: true)
        let x = tape.leaf(try Tensor((0..<8).map { Float($0) }, shape: [2, 4]))
        let heads = try tape.heads([1, 1, 0], of: x, headSize: 2)
        #expect(heads.value.array == [2, 3, 2, 3, 0, 1, 6, 7, 6, 7, 4, 5])
        let joined = try tape.joinedColumns([heads, x])
        #expect(joined.value.row(1).map { $0 } == [6, 7, 6, 7, 4, 5, 4, 5, 6, 7])
        let factors = tape.leaf(try Tensor([2, -1], shape: [2, 1]))
        let scaled = try tape.scaleRows(joined, by: factors)
        try tape.backward(from: scaled, gradient: Tensor([Float](repeating: 1, count: 20), shape: [2, 10]))
        #expect(tape.gradient(of: x)?.array == [4, 4, 6, 6, -2, -2, -3, -3])
        #expect(tape.gradient(of: factors)?.array == [17, 57])

        let other = Tape(recording: true)
        let (kept, put) = (
            other.leaf(try Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])), other.leaf(try Tensor([7, 8], shape: [1, 2]))
        )
        let replaced = try other.replacedRows(kept, at: [1], by: put)
        #expect(replaced.value.array == [1, 2, 7, 8, 5, 6])
        try other.backward(from: replaced, gradient: Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
        #expect(other.gradient(of: kept)?.array == [1, 2, 0, 0, 5, 6])
        #expect(other.gradient(of: put)?.array == [3, 4])
        #expect(throws: TensorError.self) { try tape.heads([2], of: x, headSize: 2) }
        #expect(throws: TensorError.self) { try other.replacedRows(kept, at: [3], by: put) }
    }

    @Test func layouts() throws {
        let layout = try SequenceLayout(lengths: [5, 0, 4], unseen: [1, 0, 0])
        #expect(layout.unseenTokens == [4])
        let kept = try layout.keeping([0, 4, 5, 6, 8])
        #expect(kept.lengths == [2, 0, 3] && kept.keyCounts == [1, 0, 3])
        let cut = try layout.cut(first: 1, size: 2)
        #expect(cut.lengths == [1, 2, 2, 1, 2, 1] && cut.keyCounts == [1, 2, 1, 1, 2, 1])
    }
}
