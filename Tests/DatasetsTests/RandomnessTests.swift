import Testing

import Datasets

/// Reference numbers of NumPy and PyTorch for seed 42.
struct RandomnessTests {
    @Test func seedSequenceSpreadsTheSeed() {
        #expect(SeedSequence(seed: 42).pool == [1_662_858_758, 128_880_814, 1_875_164_712, 753_753_205])
    }

    @Test func firstDrawsOfPCG64() {
        var words = PCG64(seed: 42)
        #expect(words.next64() == 14_276_969_152_011_380_360)
        var doubles = PCG64(seed: 42)
        #expect(
            (0..<3).map { _ in doubles.nextDouble() } == [0.7739560485559633, 0.4388784397520523, 0.8585979199113825])
    }

    @Test func permutationOfPCG64() {
        var generator = PCG64(seed: 42)
        #expect(generator.permutation(10) == [5, 6, 0, 7, 3, 2, 4, 9, 1, 8])
    }

    @Test func categoricalDrawsOfPCG64() {
        var generator = PCG64(seed: 42)
        let draws = (0..<20).map { _ in generator.choice([0.2, 0.3, 0.5]) }
        #expect(draws == [2, 1, 2, 2, 0, 2, 2, 2, 0, 1, 1, 2, 2, 2, 1, 1, 2, 0, 2, 2])
    }

    /// `numpy.random.default_rng(seed).permutation(n)` for a seed of two words and for none.
    @Test(arguments: [
        (UInt64(0), [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]), (UInt64(1) << 40 | 7, [6, 2, 8, 7, 9, 3, 4, 1, 5, 0]),
    ])
    func permutationsOfOtherSeeds(seed: UInt64, expected: [Int]) {
        var generator = PCG64(seed: seed)
        #expect(generator.permutation(10) == expected)
    }

    @Test func legacyPermutationGoesOnWithDraws() {
        var generator = MersenneTwister(seed: 42)
        #expect(generator.legacyPermutation(10) == [8, 1, 5, 0, 7, 2, 9, 4, 3, 6])
        #expect((0..<3).map { _ in generator.next(through: 9) } == [2, 6, 7])
    }

    /// The standard's check value: the first output for the seed 5489.
    @Test func mersenneTwisterOfTheStandard() {
        var generator = MersenneTwister(seed: 5489)
        #expect(generator.next() == 3_499_211_612)
        for _ in 0..<9998 { _ = generator.next() }
        #expect(generator.next() == 4_123_659_995)
    }
}
