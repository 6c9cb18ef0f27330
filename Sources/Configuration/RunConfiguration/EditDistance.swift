/// Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, swapped neighbours.
package enum EditDistance {
    /// The distance, or `limit + 1` when it is larger than `limit`.
    package static func between(_ first: String, _ second: String, atMost limit: Int) -> Int {
        let first = Array(first.utf8)
        let second = Array(second.utf8)
        guard abs(first.count - second.count) <= limit else { return limit + 1 }
        var twoAbove = [Int](repeating: 0, count: second.count + 1)
        var above = Array(0...second.count)
        for row in 0..<first.count {
            var current = [Int](repeating: row + 1, count: second.count + 1)
            for column in 0..<second.count {
                let substitution = above[column] + (first[row] == second[column] ? 0 : 1)
                var best = min(substitution, above[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    best = min(best, twoAbove[column - 1] + 1)
                }
                current[column + 1] = best
            }
            (twoAbove, above) = (above, current)
        }
        return min(above[second.count], limit + 1)
    }
}
