import Glibc

/// How positions are turned into rotation angles: the `rope_scaling` of a model.
///
/// Formulas as in transformers' `modeling_rope_utils`; YaRN is arXiv 2309.00071.
package enum RotaryScaling: Equatable, Sendable {
    case none
    case linear(factor: Double)
    case dynamic(factor: Double, originalPositions: Int? = nil)
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalPositions: Int)
    case yarn(Yarn)
    case longrope(LongRoPE)

    /// Factors of its own for each pair, others beyond the length that training began with (arXiv 2402.13753).
    package struct LongRoPE: Equatable, Sendable {
        package var short: [Double]
        package var long: [Double]
        package var originalPositions: Int
        package var attentionFactor: Double
    }

    /// The parameters of YaRN, with `attentionFactor` already resolved.
    package struct Yarn: Equatable, Sendable {
        package var factor: Double
        package var originalPositions: Int
        package var betaFast: Double
        package var betaSlow: Double
        package var truncate: Bool
        package var attentionFactor: Double
    }

    /// The spellings of `rope_type` understood here.
    package static let names = ["default", "linear", "dynamic", "llama3", "yarn", "longrope"]
}

/// Rotation frequencies of one model.
package struct RotaryFrequencies: Equatable, Sendable {
    /// Elements of a head that are rotated; even.
    package var dimensions: Int
    package var theta: Double
    package var scaling: RotaryScaling
    /// `max_position_embeddings`, from where on dynamic scaling acts.
    package var maximumPositions: Int

    package init(dimensions: Int, theta: Double, scaling: RotaryScaling, maximumPositions: Int) {
        self.dimensions = dimensions
        self.theta = theta
        self.scaling = scaling
        self.maximumPositions = maximumPositions
    }

    /// What cosine and sine are multiplied by.
    package var attentionFactor: Double {
        switch scaling {
        case .yarn(let yarn): yarn.attentionFactor
        case .longrope(let longrope): longrope.attentionFactor
        case .none, .linear, .dynamic, .llama3: 1
        }
    }

    /// A number that is the same for lengths with the same frequencies.
    package func range(length: Int) -> Int {
        switch scaling {
        case .dynamic: max(length, maximumPositions)
        case .longrope(let longrope): length > longrope.originalPositions ? 1 : 0
        case .none, .linear, .llama3, .yarn: 0
        }
    }

    /// Whether the frequencies depend on the length of the sequence.
    package var dependsOnLength: Bool {
        switch scaling {
        case .dynamic, .longrope: true
        case .none, .linear, .llama3, .yarn: false
        }
    }

    /// Whether a sequence that has grown beyond a length is to be read anew with the frequencies of its own.
    package var rereadsLongSequences: Bool {
        if case .longrope = scaling { true } else { false }
    }

    /// Angle per position of each pair, `dimensions / 2` numbers.
    ///
    /// - Parameter length: tokens of the longest sequence, which only dynamic scaling and LongRoPE look at
    package func inverse(length: Int) -> [Float] {
        switch scaling {
        case .none: return base(theta).map { Float($0) }
        case .linear(let factor): return base(theta).map { Float($0) / Float(factor) }
        case .dynamic(let factor, _):
            let longest = Double(max(length, maximumPositions))
            let d = Double(dimensions)
            let stretch = factor * longest / Double(maximumPositions) - (factor - 1)
            return base(theta * pow(stretch, d / (d - 2))).map { Float($0) }
        case .llama3(let factor, let low, let high, let original):
            return base(theta).map { Float(llama3($0, factor, low, high, Double(original))) }
        case .yarn(let yarn): return inverse(yarn)
        case .longrope(let longrope):
            let factors = length > longrope.originalPositions ? longrope.long : longrope.short
            return zip(base(theta), factors).map { Float($0 / $1) }
        }
    }

    private func base(_ theta: Double) -> [Double] {
        stride(from: 0, to: dimensions, by: 2).map { 1 / pow(theta, Double($0) / Double(dimensions)) }
    }

    /// Long waves are stretched, short ones stay, between them both are mixed.
    private func llama3(
        _ frequency: Double, _ factor: Double, _ low: Double, _ high: Double, _ original: Double
    ) -> Double {
        let wavelength = 2 * Double.pi / frequency
        if wavelength > original / low { return frequency / factor }
        if wavelength < original / high { return frequency }
        let smooth = (original / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
    }

    private func inverse(_ yarn: RotaryScaling.Yarn) -> [Float] {
        let d = Double(dimensions)
        func pair(turning rotations: Double) -> Double {
            d * log(Double(yarn.originalPositions) / (rotations * 2 * Double.pi)) / (2 * log(theta))
        }
        var low = pair(turning: yarn.betaFast)
        var high = pair(turning: yarn.betaSlow)
        if yarn.truncate {
            low = floor(low)
            high = ceil(high)
        }
        low = max(low, 0)
        high = min(high, d - 1)
        if low == high { high += 0.001 }
        return base(theta).enumerated().map { index, frequency in
            let ramp = min(max((Double(index) - low) / (high - low), 0), 1)
            return Float(frequency / yarn.factor * ramp + frequency * (1 - ramp))
        }
    }
}
