import Tensors
import Testing

/// Matrices whose rows are exchanged, added and averaged.
struct WeightRowsTests {
    /// The specification's matrix (finetuning, 9.14): the mean of all rows but the last two.
    @Test func theMeanLeavesNewRowsOut() throws {
        let values = (0..<32).map { index in
            let (row, column) = (index / 4, index % 4)
            return Float((7 * row + 3 * column) % 11 - 5) / 4
        }
        let weight = Weight(name: "e", tensor: try Tensor(values, shape: [8, 4]))
        let mean = weight.meanRow(leavingOut: [6, 7]).array
        #expect(relativeError(mean, [-0.0833333358, 0.208333328, 0.0416666679, -0.125]) < 1e-6)
        let pair: [Float] = zip(values[4..<8], values[12..<16]).map { ($0 + $1) / 2 }
        #expect(try weight.meanRow(of: [1, 3]).array == pair)
    }

    @Test(arguments: WeightFormat.allCases) func newRowsLeaveTheOthersBitForBit(format: WeightFormat) throws {
        let old = noise([5, 24], "old")
        let weight = try Weight(
            name: "w", format: format, shape: [5, 24], copying: Weight.narrowedBytes(old, to: format))
        let grown = try weight.withRows(count: 7, replacing: [1, 5, 6], by: noise([3, 24], "new"))
        #expect(grown.shape == [7, 24] && grown.format == format)
        let (before, after, new) = (weight.widened(), grown.widened(), noise([3, 24], "new"))
        for row in [0, 2, 3, 4] { #expect(after.row(row) == before.row(row)) }
        for (position, row) in [1, 5, 6].enumerated() {
            #expect(after.row(row) == new.row(position).map(format.rounded))
        }
        #expect(throws: TensorError.self) { try weight.withRows(count: 7, replacing: [5], by: noise([1, 24], "n")) }
        #expect(throws: TensorError.self) { try weight.withRows(count: 6, replacing: [5], by: noise([1, 3], "n")) }
    }

    @Test func rowsAreCleared() {
        let matrix = noise([6, 3], "m")
        let before = matrix.copy()
        matrix.clearRows(except: [1, 4])
        for row in 0..<6 {
            #expect(matrix.row(row) == ([1, 4].contains(row) ? before.row(row) : [0, 0, 0]))
        }
    }
}
