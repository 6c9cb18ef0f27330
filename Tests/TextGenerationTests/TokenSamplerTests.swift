import TextGeneration
import Testing

@Suite struct TokenSamplerTests {
    func options(_ change: (inout GenerationOptions) -> Void) -> GenerationOptions {
        var options = GenerationOptions()
        change(&options)
        return options
    }

    @Test func greedyTakesTheLowestOfEquals() {
        var sampler = TokenSampler(options { $0.samples = false }, prompt: [1])
        #expect(sampler.next([0, 3, 1, 3]) == 1)
        #expect(sampler.next([.nan, -1, -.infinity]) == 0)
        var cold = TokenSampler(options { $0.temperature = 0 }, prompt: [1])
        #expect(cold.next([0, 1, 5, 2]) == 2)
    }

    @Test func penaltyCountsPromptAndContinuation() {
        let options = options {
            $0.samples = false
            $0.repetitionPenalty = 2
        }
        var sampler = TokenSampler(options, prompt: [3])
        let scores: [Float] = [1, 1.5, 1.25, 2]
        #expect([sampler.next(scores), sampler.next(scores), sampler.next(scores)] == [1, 2, 0])
    }

    /// Frequencies of many draws against the probabilities.
    @Test func drawsFollowTheDistribution() {
        let options = options {
            $0.temperature = 1
            $0.topK = 0
            $0.topP = 1
            $0.seed = 5
        }
        var sampler = TokenSampler(options, prompt: [0])
        var counts = [0, 0, 0]
        for _ in 0..<20_000 { counts[Int(sampler.next([0, 1, 2]))] += 1 }
        let shares = counts.map { Double($0) / 20_000 }
        for (share, expected) in zip(shares, [0.09003, 0.24473, 0.66524]) { #expect(abs(share - expected) < 0.012) }
    }

    @Test func seedsDecide() {
        let scores = (0..<50).map { Float($0 % 7) }
        func draws(seed: UInt64) -> [Int32] {
            var sampler = TokenSampler(
                options {
                    $0.seed = seed; $0.topP = 1
                }, prompt: [0])
            return (0..<20).map { _ in sampler.next(scores) }
        }
        #expect(draws(seed: 1) == draws(seed: 1))
        #expect(draws(seed: 1) != draws(seed: 2))
        #expect(Set(draws(seed: 1)).count > 3)
    }
}
