import Testing

import Datasets

struct DataOrderTests {
    @Test(arguments: [
        (0, [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]), (1, [8, 4, 9, 0, 5, 1, 6, 7, 2, 3]), (2, [2, 6, 3, 8, 7, 9, 1, 4, 5, 0]),
    ])
    func everyEpochHasItsPermutation(epoch: Int, expected: [Int]) {
        let order = DataOrder(count: 10, seed: 42, batchSize: 2, accumulation: 1, shuffling: .permutation)
        #expect(order.indices(epoch: epoch) == expected)
    }

    @Test func withoutShufflingEveryEpochIsTheSame() {
        let order = DataOrder(count: 4, seed: 42, batchSize: 2, accumulation: 1, shuffling: .none)
        #expect(order.indices(epoch: 0) == [0, 1, 2, 3])
        #expect(order.indices(epoch: 7) == [0, 1, 2, 3])
    }

    @Test func groupingByLengthPutsTheLongestFirst() {
        let lengths = [5, 9, 3, 12, 7, 1, 8, 30, 2, 6, 4, 11]
        var generator = MersenneTwister(seed: 0)
        let grouped = DataOrder.grouped(generator.forwardPermutation(12), lengths: lengths, batchSize: 2)
        #expect(grouped == [7, 8, 9, 5, 0, 4, 10, 2, 3, 1, 11, 6])
    }

    /// Permutations under the grouping are those of transformers' runs: seeded once, and drawn from after the loader.
    @Test(arguments: [
        (0, [4, 3, 0, 10, 12, 2, 9, 5, 11, 7, 6, 1, 8]), (1, [11, 5, 8, 0, 7, 1, 9, 10, 3, 6, 12, 4, 2]),
    ])
    func groupedEpochsDrawFromOneGenerator(epoch: Int, permutation: [Int]) {
        let lengths = [Int](repeating: 3, count: 13)
        let order = DataOrder(
            count: 13, seed: 7, batchSize: 2, accumulation: 1, shuffling: .permutation
        ).grouped(byLengths: lengths)
        #expect(order.indices(epoch: epoch) == permutation)
    }

    @Test func theLastBatchMayBeShort() {
        let order = DataOrder(count: 5, seed: 1, batchSize: 2, accumulation: 1, shuffling: .none)
        #expect(order.batches(epoch: 0) == [[0, 1], [2, 3], [4]])
        #expect(order.batches(epoch: 0, dropLast: true) == [[0, 1], [2, 3]])
    }

    @Test func oneItemAndNone() {
        for count in [0, 1] {
            let order = DataOrder(count: count, seed: 42, batchSize: 2, accumulation: 2, shuffling: .permutation)
            #expect(order.indices(epoch: 0) == Array(0..<count))
        }
    }

    @Test func paddedLengthsAreMultiplesOfEight() {
        #expect(PaddedLength.tokens(of: [3, 1], multiple: PaddedLength.multiple) == 16)
        #expect(PaddedLength.tokens(of: [3, 1], multiple: 4) == 8)
        #expect(PaddedLength.tokens(of: [8, 8], multiple: PaddedLength.multiple) == 16)
        #expect(PaddedLength.tokens(of: [9, 2], multiple: PaddedLength.multiple) == 32)
        #expect(PaddedLength.tokens(of: [5, 2]) == 10)
    }
}
