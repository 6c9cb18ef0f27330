import Testing

import Datasets

struct LengthBudgetTests {
    /// Source, target and budget; source and target kept.
    static let cases: [([Int], [Int])] = [
        ([10, 10, 100], [10, 10]), ([3000, 100, 2048], [1948, 100]), ([100, 3000, 2048], [100, 1948]),
        ([3000, 3000, 2048], [1024, 1024]), ([2000, 1000, 2048], [1048, 1000]), ([1024, 1024, 2048], [1024, 1024]),
        ([1023, 2000, 2048], [1023, 1025]), ([1024, 2000, 2048], [694, 1354]), ([2000, 1023, 2048], [1025, 1023]),
        ([2000, 1024, 2048], [1355, 693]), ([5, 5, 1], [1, 0]), ([1, 300, 1], [1, 0]), ([0, 10, 5], [0, 5]),
        ([10, 0, 5], [5, 0]), ([7, 3, 8], [5, 3]), ([6, 6, 9], [5, 4]),
    ]

    @Test(arguments: cases) func keptTokens(input: [Int], expected: [Int]) {
        let kept = LengthBudget.kept(source: input[0], target: input[1], budget: input[2])
        #expect([kept.source, kept.target] == expected)
    }
}
