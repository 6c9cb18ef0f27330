import Glibc

/// The steps between a model's scores and the distribution that is drawn from, in their fixed order.
///
/// Repetition penalty, cleaning, temperature, top-k, top-p; as in transformers' logits processors.
package enum ScoreProcessing {
    /// A score below zero is multiplied by the penalty, others are divided by it; each seen token once.
    package static func penalizeRepetition(
        _ scores: inout [Float], seen: some Sequence<Int32>, penalty: Double
    ) {
        guard penalty != 1 else { return }
        let penalty = Float(penalty)
        for token in seen where scores.indices.contains(Int(token)) {
            let score = scores[Int(token)]
            scores[Int(token)] = score < 0 ? score * penalty : score / penalty
        }
    }

    /// Not-a-number becomes 0, infinities the largest finite numbers.
    package static func clean(_ scores: inout [Float]) {
        for index in scores.indices where !scores[index].isFinite {
            let score = scores[index]
            scores[index] = score.isNaN ? 0 : (score > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude)
        }
    }

    /// The tokens that sampling may choose from, in order of id, with probabilities that sum to 1.
    package static func candidates(
        _ scores: [Float], temperature: Double, topK: Int, topP: Double, minimumKept: Int = 1
    ) -> [Candidate] {
        var kept = best(topK, of: scores, dividedBy: Float(temperature))
        if topP < 1 { kept = nucleus(kept, topP, minimumKept: minimumKept) }
        return probabilities(kept)
    }

    package struct Candidate: Sendable, Equatable {
        package var token: Int32
        package var score: Float
        package var probability: Double = 0
    }

    /// Tokens whose score is not below the k-th largest; ties at the threshold all stay.
    private static func best(_ k: Int, of scores: [Float], dividedBy temperature: Float) -> [Candidate] {
        let threshold = k > 0 && k < scores.count ? kthLargest(k, of: scores) : -.infinity
        var kept: [Candidate] = []
        for (index, score) in scores.enumerated() where score >= threshold {
            kept.append(Candidate(token: Int32(index), score: temperature == 1 ? score : score / temperature))
        }
        return kept
    }

    /// A heap of the k largest, smallest on top, passed over once.
    private static func kthLargest(_ k: Int, of scores: [Float]) -> Float {
        var heap = Array(scores[..<k])
        func sink(_ start: Int) {
            var parent = start
            while true {
                var child = 2 * parent + 1
                guard child < k else { return }
                if child + 1 < k, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { return }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        for start in stride(from: k / 2 - 1, through: 0, by: -1) { sink(start) }
        for score in scores[k...] where score > heap[0] {
            heap[0] = score
            sink(0)
        }
        return heap[0]
    }

    /// Drops, from the least likely up, what together has at most `1 - topP`; among equals lower ids go first.
    private static func nucleus(_ kept: [Candidate], _ topP: Double, minimumKept: Int) -> [Candidate] {
        let ascending = probabilities(kept).sorted { ($0.score, $0.token) < ($1.score, $1.token) }
        var total = 0.0
        var dropped = 0
        for candidate in ascending.dropLast(max(1, minimumKept)) {
            total += candidate.probability
            guard total <= 1 - topP else { break }
            dropped += 1
        }
        return ascending.dropFirst(dropped).sorted { $0.token < $1.token }
    }

    private static func probabilities(_ kept: [Candidate]) -> [Candidate] {
        let highest = Double(kept.map(\.score).max() ?? 0)
        var result = kept
        var sum = 0.0
        for index in result.indices {
            result[index].probability = exp(Double(result[index].score) - highest)
            sum += result[index].probability
        }
        for index in result.indices { result[index].probability /= sum }
        return result
    }
}
