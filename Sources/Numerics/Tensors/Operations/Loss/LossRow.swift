import Glibc

/// One row of logits: loss, and the gradient written over the logits.
struct LossRow {
    let logits: UnsafeMutablePointer<Float>
    let count: Int
    let label: Int
    let options: CrossEntropyOptions
    /// The logits that the predictions are held to, which are overwritten, and how strongly.
    let anchor: (logits: UnsafeMutablePointer<Float>, strength: Float)?

    init(
        _ logits: UnsafeMutablePointer<Float>, _ count: Int, label: Int, _ options: CrossEntropyOptions,
        anchor: (logits: UnsafeMutablePointer<Float>, strength: Float)? = nil
    ) {
        self.logits = logits
        self.count = count
        self.label = label
        self.options = options
        self.anchor = anchor
    }

    /// Writes loss, smoothing loss, whether the label has the highest logit, and divergence from the anchor.
    func compute(into report: UnsafeMutablePointer<Float>, withGradient: Bool) {
        if let cap = options.softCap { Loops.softCap(logits, cap, count) }
        let best = Loops.maximum(logits, count)
        let labelled = logits[label]
        let smoothing = options.labelSmoothing
        let total = smoothing > 0 ? Loops.sum(logits, count) : 0
        // Soft-capped gradients need the capped logits again after the exponentials have taken their place.
        let capped = withGradient && options.softCap != nil ? Storage(count: count) : nil
        capped?.floats.update(from: logits, count: count)
        let held = anchor.map { AnchorRow($0.logits, count, predicted: logits) }
        let sum = Loops.exponentials(logits, minus: best, count)
        let logSum = Double(best) + log(sum)
        let weight =
            options.weighting.map { weighting in
                Float(weighting.weight(SoftmaxRow(exponentials: logits, count: count, sum: sum, label: label)))
            } ?? 1
        report[0] = weight * Float(logSum - Double(labelled))
        report[1] = smoothing > 0 ? Float(Double(count) * logSum - total) : 0
        report[2] = labelled == best ? 1 : 0
        report[3] = held.map { Float($0.divergence(logSum: logSum)) } ?? 0
        guard withGradient else { return }
        let strength = anchor?.strength ?? 0
        let pull = options.weighting == nil ? 1 + strength : weight * (1 - smoothing) + smoothing + strength
        Loops.scale(logits, Float(Double(options.scale) * Double(pull) / sum), logits, count)
        logits[label] -= options.scale * weight * (1 - smoothing)
        if smoothing > 0 {
            let share = options.scale * smoothing / Float(count)
            for index in 0..<count { logits[index] -= share }
        }
        if let held { held.subtractProbabilities(times: Double(options.scale * strength), from: logits) }
        if let capped, let cap = options.softCap {
            withExtendedLifetime(capped) { Loops.softCapBackward(capped.floats, cap, logits, count) }
        }
    }
}

/// What a row is held to: probabilities q, of which the predicted p diverge by `sum of q * (log q - log p)`.
private struct AnchorRow {
    /// `exp(logit - largest)` in place of the logits.
    let exponentials: UnsafeMutablePointer<Float>
    let count: Int
    private let sum: Double
    private let logSum: Double
    /// The mean under q of anchored minus predicted logits: exact where the two are near each other.
    private let meanDifference: Double

    init(_ logits: UnsafeMutablePointer<Float>, _ count: Int, predicted: UnsafePointer<Float>) {
        let differences = Storage(count: count)
        for index in 0..<count { differences.floats[index] = logits[index] - predicted[index] }
        let best = Loops.maximum(logits, count)
        sum = Loops.exponentials(logits, minus: best, count)
        logSum = Double(best) + log(sum)
        let dot = withExtendedLifetime(differences) { Loops.dot(logits, differences.floats, count) }
        meanDifference = Double(dot) / sum
        exponentials = logits
        self.count = count
    }

    /// - Parameter logSum: logarithm of the summed exponentials of the predicted logits
    func divergence(logSum predicted: Double) -> Double { meanDifference - (logSum - predicted) }

    func subtractProbabilities(times factor: Double, from gradient: UnsafeMutablePointer<Float>) {
        let share = Float(factor / sum)
        for index in 0..<count { gradient[index] -= share * exponentials[index] }
    }
}
