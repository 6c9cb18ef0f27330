import Glibc

/// How much a label counts in a loss, from the predictions there; no gradient flows through it.
package protocol LabelWeighting: Sendable {
    func weight(_ row: SoftmaxRow) -> Double
}

/// What is predicted at one labelled position.
package struct SoftmaxRow {
    /// `exp(logit - largest logit)` of the whole vocabulary.
    let exponentials: UnsafePointer<Float>
    let count: Int
    /// Sum of the exponentials.
    let sum: Double
    let label: Int

    /// The probability of the label.
    package var labelProbability: Double { Double(exponentials[label]) / sum }

    /// The entropy in nats of the softmax over the `most` likeliest tokens alone.
    package func entropy(ofLikeliest most: Int) -> Double {
        var likeliest: [Float] = []
        likeliest.reserveCapacity(most + 1)
        for index in 0..<count {
            let value = exponentials[index]
            if likeliest.count == most, value <= likeliest[most - 1] { continue }
            var place = likeliest.count
            while place > 0, likeliest[place - 1] < value { place -= 1 }
            likeliest.insert(value, at: place)
            if likeliest.count > most { likeliest.removeLast() }
        }
        let total = likeliest.reduce(0.0) { $0 + Double($1) }
        return likeliest.reduce(log(total)) { entropy, value in
            value > 0 ? entropy - Double(value) / total * log(Double(value)) : entropy
        }
    }
}
