import TextGeneration
import Testing

/// The steps of sampling on one small vector, with the reference's numbers.
@Suite struct ScoreProcessingTests {
    static let scores: [Float] = [2, 1, 0.5, 0, -0.5, -1, 1.5, -2]

    @Test(
        arguments: [
            (1.2, [1.6666666, 1, 0.5, 0, -0.6, -1, 1.25, -2]), (0.8, [2.5, 1, 0.5, 0, -0.4, -1, 1.875, -2]),
        ] as [(Double, [Float])])
    func repetitionPenalty(penalty: Double, expected: [Float]) {
        var scores = Self.scores
        ScoreProcessing.penalizeRepetition(&scores, seen: Set([0, 4, 6, 0, 99]), penalty: penalty)
        for (left, right) in zip(scores, expected) { #expect(abs(left - right) < 1e-6) }
    }

    @Test func cleaning() {
        var scores: [Float] = [.nan, .infinity, -.infinity, 3]
        ScoreProcessing.clean(&scores)
        #expect(scores == [0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 3])
    }

    func kept(_ scores: [Float], k: Int = 0, p: Double = 1, minimum: Int = 1) -> [Int32] {
        ScoreProcessing.candidates(scores, temperature: 1, topK: k, topP: p, minimumKept: minimum).map(\.token)
    }

    @Test func topK() {
        #expect(kept(Self.scores, k: 3) == [0, 1, 6])
        #expect(kept([2, 1, 1, 1, 0, 0, 0, 0], k: 2) == [0, 1, 2, 3])
        #expect(kept(Self.scores, k: 0).count == 8 && kept(Self.scores, k: 50).count == 8)
        #expect(kept(Self.scores, k: 1) == [0])
        let many = (0..<1000).map { Float(($0 * 7919) % 1000) }
        #expect(Set(kept(many, k: 10).map { many[Int($0)] }) == Set((990..<1000).map { Float($0) }))
    }

    @Test func topP() {
        #expect(kept(Self.scores, p: 0.7) == [0, 1, 6])
        #expect(kept(Self.scores, p: 0.9) == [0, 1, 2, 3, 6])
        #expect(kept(Self.scores, p: 0.5) == [0, 6] && kept(Self.scores, p: 0.45) == [0, 6])
        #expect(kept(Self.scores, p: 0) == [0])
        #expect(kept(Self.scores, p: 0.5, minimum: 3) == [0, 1, 6])
        #expect(kept([Float](repeating: 1, count: 8), p: 0.5) == [4, 5, 6, 7])
    }

    @Test func plainProbabilities() {
        let expected = [0.4027284, 0.1481555, 0.0898609, 0.0545034, 0.0330580, 0.0200507, 0.2442671, 0.0073762]
        let found = ScoreProcessing.candidates(Self.scores, temperature: 1, topK: 0, topP: 1).map(\.probability)
        #expect(found.count == 8)
        for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-6) }
    }

    @Test(
        arguments: [
            (1.2, [(0, 0.4671465), (1, 0.2315715), (6, 0.3012819)]),
            (1.0, [(0, 0.5155183), (1, 0.1799252), (6, 0.3045566)]),
        ] as [(Double, [(Int32, Double)])])
    func wholeChain(penalty: Double, expected: [(Int32, Double)]) {
        var scores = Self.scores
        ScoreProcessing.penalizeRepetition(&scores, seen: [0, 4, 6], penalty: penalty)
        let found = ScoreProcessing.candidates(scores, temperature: 0.95, topK: 50, topP: 0.7)
        #expect(found.map(\.token) == expected.map(\.0))
        for (left, right) in zip(found, expected) { #expect(abs(left.probability - right.1) < 1e-6) }
    }
}
