package import LanguageModels
package import Tensors
import TextGeneration

/// Holds a model that was written and read again against what it was made from.
package struct ExportProof {
    /// What answers are compared on: beginnings as token ids, at least one token each.
    package let prompts: [[Int32]]
    /// How numbers were stored, which decides how far answers may lie apart.
    let format: WeightFormat?

    /// - Parameter format: nil for numbers of few bits, whose answers may differ
    package init(prompts: [[Int32]], format: WeightFormat?) {
        self.prompts = prompts
        self.format = format
    }

    /// Tokens that each prompt is continued by.
    package static let steps = 24

    /// A model under comparison; the pages of its files are let go behind each block.
    package struct Subject {
        var model: DecoderModel
        var branches: LinearBranches?
        let forgetPages: @Sendable () -> Void

        package init(
            _ model: DecoderModel, branches: LinearBranches? = nil, forgetPages: @escaping @Sendable () -> Void
        ) {
            self.model = model.following(eachBlock: forgetPages)
            self.branches = branches
            self.forgetPages = forgetPages
        }
    }

    /// Answers of the original, which both are then asked about.
    package func compare(_ original: Subject, _ written: Subject) throws -> ExportComparison {
        let greedy = try answers(of: original)
        let texts = zip(prompts, greedy).map { $0 + $1 }
        let expected = try original.model.tokenLogProbabilities(texts, branches: original.branches)
        // The head's pages are read behind the last block; both models' need not be in memory together.
        original.forgetPages()
        let found = try written.model.tokenLogProbabilities(texts, branches: written.branches)
        let continued = try answers(of: written)
        var comparison = ExportComparison(
            format: format, prompts: prompts, expected: greedy, found: continued)
        for (left, right) in zip(expected.joined(), found.joined()) {
            comparison.add(difference: abs(Double(left) - Double(right)))
        }
        for number in prompts.indices {
            guard let place = zip(greedy[number], continued[number]).enumerated().first(where: { $1.0 != $1.1 })
            else { continue }
            // Where two tokens are as likely as each other, rounding decides which one comes.
            let text = prompts[number] + greedy[number][..<place.offset]
            let scores = try original.model.nextLogitsWithoutCache(text, branches: original.branches).array
            let lead = scores[Int(place.element.0)] - scores[Int(place.element.1)]
            comparison.leads.append(Double(lead))
        }
        return comparison
    }

    private func answers(of subject: Subject) throws -> [[Int32]] {
        var options = GenerationOptions()
        options.samples = false
        options.ignoresStopTokens = true
        options.maximumNewTokens = Self.steps
        options.repetitionPenalty = 1
        return try prompts.map { prompt in
            try TextGenerator(model: subject.model).generate(prompt, options: options, branches: subject.branches) {
                _ in .goOn
            }.tokens
        }
    }
}

/// How far two models' answers lie apart.
package struct ExportComparison {
    let format: WeightFormat?
    let prompts: [[Int32]]
    /// Greedy tokens of the original and of what was written.
    let expected: [[Int32]]
    let found: [[Int32]]
    package private(set) var largestDifference = 0.0
    package private(set) var count = 0
    private var sum = 0.0
    /// Of the original and of what was written, where there is data.
    package var perplexities: (original: Double, exported: Double)?
    /// Where continuations part: by how much the original prefers its own token.
    var leads: [Double] = []

    init(format: WeightFormat?, prompts: [[Int32]], expected: [[Int32]], found: [[Int32]]) {
        self.format = format
        self.prompts = prompts
        self.expected = expected
        self.found = found
    }

    mutating func add(difference: Double) {
        largestDifference = difference.isNaN ? .infinity : max(largestDifference, difference)
        sum += difference
        count += 1
    }

    var meanDifference: Double { sum / Double(max(1, count)) }

    /// What rounding to the format explains, in log-probabilities.
    var tolerance: Double? {
        switch format {
        case nil: nil
        case .float32: 1e-3
        case .float16: 2e-2
        case .bfloat16: 2e-1
        }
    }

    /// Why the written model is not the original; nil when it is.
    package var problem: String? {
        if !largestDifference.isFinite { return "its log-probabilities are not numbers" }
        guard let tolerance, let format else { return nil }
        if meanDifference > tolerance {
            return "its log-probabilities differ by \(meanDifference) on average, at most \(tolerance) is explained by "
                + format.rawValue
        }
        if let lead = leads.max(), lead > 2 * tolerance {
            return "its greedy answer parts from the original's where that prefers its own token by \(lead)"
        }
        if let (original, exported) = perplexities, !(abs(exported / original - 1) <= tolerance) {
            return "its perplexity is \(exported), the original's \(original)"
        }
        return nil
    }

    /// The share of tokens that agree up to the first that differs.
    package var agreement: Double {
        let agreeing = zip(expected, found).reduce(0) { sum, pair in
            sum + zip(pair.0, pair.1).prefix { $0 == $1 }.count
        }
        return Double(agreeing) / Double(max(1, expected.reduce(0) { $0 + $1.count }))
    }
}
