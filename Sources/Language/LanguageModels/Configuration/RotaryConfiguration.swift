import Glibc
import JSONDocuments

extension RotaryFrequencies {
    /// Reads the rotary part of a `config.json`: `rope_parameters` (transformers 5) or `rope_theta` beside
    /// `rope_scaling` (transformers 4, whose oldest files say `type` for `rope_type`).
    ///
    /// Where both are there, `rope_scaling` takes the other's place in either version; what it would drop silently, or
    /// what the versions read differently, is refused.
    /// - Parameters:
    ///   - rotatedShare: the family's default of `partial_rotary_factor`; nil where heads are rotated whole
    ///   - absent: the family's default of `rope_theta`
    static func reading(
        _ reader: ConfigurationReader, headSize: Int, maximumPositions: Int, rotatedShare: Double? = nil,
        theta absent: Double = 10000
    ) throws -> RotaryFrequencies {
        func filled(_ key: String) throws -> ConfigurationReader? {
            try reader.nested(key).flatMap { $0.object.isEmpty ? nil : $0 }
        }
        let (parameters, given) = (try filled("rope_parameters"), try filled("rope_scaling"))
        let shares = Set(
            try [parameters, given, reader].compactMap { source in
                source?.object["partial_rotary_factor"]?.isNull == false
                    ? try source?.positive("partial_rotary_factor") : nil
            })
        let share = shares.first ?? rotatedShare ?? 1
        guard shares.count <= 1, share <= 1, rotatedShare != nil || share == 1 else {
            throw reader.wrong(
                "partial_rotary_factor", rotatedShare == nil ? "1 in this family" : "one number up to 1",
                .array(shares.sorted().map { .number($0) }))
        }
        let dimensions = Int(Double(headSize) * share)
        guard share == 1 || dimensions >= 2 && dimensions % 2 == 0 else {
            throw reader.wrong(
                "partial_rotary_factor", "a share that leaves an even number of elements", .number(share))
        }
        func read(_ source: ConfigurationReader?) throws -> RotaryScaling {
            try source.map {
                try RotaryScaling.reading($0, reader, maximumPositions: maximumPositions, pairs: dimensions / 2)
            } ?? .none
        }
        let scaling = try read(given ?? parameters)
        if given != nil {
            let other = try read(parameters)
            guard other == .none || other == scaling else {
                throw reader.wrong(
                    "rope_scaling", "the only scaling, or the same as in 'rope_parameters'",
                    given.map { .object($0.object) } ?? .null)
            }
        }
        let frequencies = RotaryFrequencies(
            dimensions: dimensions, theta: try theta(parameters: parameters, scaling: given, reader, absent: absent),
            scaling: scaling, maximumPositions: maximumPositions)
        let numbers = [1, maximumPositions + 1].flatMap { frequencies.inverse(length: $0) }
        guard numbers.allSatisfy(\.isFinite), Float(frequencies.attentionFactor).isFinite else {
            throw reader.wrong(
                "rope_theta", "a base that gives finite frequencies with the scaling beside it",
                .number(frequencies.theta))
        }
        return frequencies
    }

    /// The one value of `rope_theta`, wherever it stands; `absent` where it stands nowhere.
    private static func theta(
        parameters: ConfigurationReader?, scaling: ConfigurationReader?, _ reader: ConfigurationReader,
        absent: Double
    ) throws -> Double {
        func value(_ source: ConfigurationReader?) throws -> Double? {
            guard let value = source?.object["rope_theta"], !value.isNull else { return nil }
            return try source?.positive("rope_theta")
        }
        let values = [try value(scaling), try value(reader), try value(parameters)]
        // Beside `rope_scaling`, nobody reads what `rope_parameters` says.
        let isLost = scaling != nil && values[0] == nil && values[1] == nil
        let found = Set(values.compactMap(\.self) + (isLost ? [absent] : []))
        guard found.count <= 1 else {
            throw reader.wrong(
                "rope_theta",
                isLost
                    ? "given in 'rope_scaling' too where that stands beside 'rope_parameters', or else all in "
                        + "'rope_parameters'" : "the same wherever it is given",
                .array(values.compactMap { $0.map { .number($0) } }))
        }
        return found.first ?? absent
    }
}

extension RotaryScaling {
    fileprivate static func reading(
        _ source: ConfigurationReader, _ whole: ConfigurationReader, maximumPositions: Int, pairs: Int
    ) throws -> RotaryScaling {
        if let kind = source.object.first(where: { $0.value.object != nil })?.key {
            throw ModelConfigurationError.unsupported(
                key: "rope_parameters", value: "\(kind): ...", supported: ["one rotation for all layers"],
                file: source.file)
        }
        func original() throws -> Int {
            let key = "original_max_position_embeddings"
            let outer = try whole.size(key, default: maximumPositions)
            let inner = try source.size(key, default: outer)
            guard inner == outer || whole.object[key]?.isNull ?? true else {
                throw whole.wrong(key, "the same as beside 'rope_type', \(inner),", .integer(Int64(outer)))
            }
            return inner
        }
        let name = try source.text("rope_type") ?? source.text("type") ?? "default"
        switch name {
        case "default": return .none
        case "linear": return .linear(factor: try source.positive("factor"))
        case "dynamic":
            let key = "original_max_position_embeddings"
            return .dynamic(
                factor: try source.positive("factor"),
                originalPositions: source.object.contains(key) ? try source.size(key, default: maximumPositions) : nil)
        case "llama3":
            let low = try source.positive("low_freq_factor")
            let high = try source.positive("high_freq_factor")
            guard low < high else {
                throw source.wrong("high_freq_factor", "above low_freq_factor (\(low))", .number(high))
            }
            return .llama3(
                factor: try source.positive("factor"), lowFrequency: low, highFrequency: high,
                originalPositions: try original())
        case "yarn": return .yarn(try Yarn(reading: source, originalPositions: original()))
        case "longrope", "su":
            return .longrope(
                try LongRoPE(
                    reading: source, originalPositions: original(), maximumPositions: maximumPositions, pairs: pairs))
        default:
            throw ModelConfigurationError.unsupported(
                key: "rope_type", value: name, supported: names, file: source.file)
        }
    }
}

extension RotaryScaling.LongRoPE {
    fileprivate init(
        reading source: ConfigurationReader, originalPositions: Int, maximumPositions: Int, pairs: Int
    ) throws {
        func factors(_ key: String) throws -> [Double] {
            let numbers = try source.numbers(key)
            guard numbers.count == pairs, numbers.allSatisfy({ $0 > 0 }) else {
                throw source.wrong(
                    key, "a list of \(pairs) numbers above 0, one for each rotated pair of a head",
                    .array(numbers.map { .number($0) }))
            }
            return numbers
        }
        short = try factors("short_factor")
        long = try factors("long_factor")
        self.originalPositions = originalPositions
        let stretch = try source.positive("factor", default: Double(maximumPositions) / Double(originalPositions))
        let derived =
            stretch > 1 && originalPositions > 1 ? (1 + log(stretch) / log(Double(originalPositions))).squareRoot() : 1
        attentionFactor = try source.positive("attention_factor", default: derived)
    }
}

extension RotaryScaling.Yarn {
    fileprivate init(reading source: ConfigurationReader, originalPositions: Int) throws {
        let factor = try source.positive("factor")
        self.factor = factor
        self.originalPositions = originalPositions
        betaFast = try source.positive("beta_fast", default: 32)
        betaSlow = try source.positive("beta_slow", default: 1)
        truncate = try source.flag("truncate", default: true)

        func scale(_ mscale: Double) -> Double { factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1 }
        let mscale = try source.number("mscale", default: 0)
        let mscaleAll = try source.number("mscale_all_dim", default: 0)
        let derived = mscale != 0 && mscaleAll != 0 ? scale(mscale) / scale(mscaleAll) : scale(1)
        attentionFactor = try source.positive("attention_factor", default: derived)
    }
}
