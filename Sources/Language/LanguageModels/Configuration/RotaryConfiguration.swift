import Glibc
import JSONDocuments

extension RotaryFrequencies {
    /// Reads the rotary part of a `config.json`: `rope_parameters` (transformers 5) or `rope_theta` beside
    /// `rope_scaling` (transformers 4, whose oldest files say `type` for `rope_type`).
    static func reading(
        _ reader: ConfigurationReader, headSize: Int, maximumPositions: Int
    ) throws -> RotaryFrequencies {
        let parameters = try reader.nested("rope_parameters")
        let scaling = try reader.nested("rope_scaling")
        let source = parameters ?? scaling
        let theta =
            try parameters?.object["rope_theta"] != nil
            ? parameters?.positive("rope_theta") ?? 10000
            : reader.positive("rope_theta", default: 10000)
        let partial = try (parameters ?? reader).number("partial_rotary_factor", default: 1)
        guard partial == 1 else {
            throw reader.wrong("partial_rotary_factor", "1 in this family", .number(partial))
        }
        return RotaryFrequencies(
            dimensions: headSize, theta: theta,
            scaling: try source.map { try RotaryScaling.reading($0, reader, maximumPositions: maximumPositions) }
                ?? .none,
            maximumPositions: maximumPositions)
    }
}

extension RotaryScaling {
    fileprivate static func reading(
        _ source: ConfigurationReader, _ whole: ConfigurationReader, maximumPositions: Int
    ) throws -> RotaryScaling {
        func original() throws -> Int {
            let fallback = try whole.size("original_max_position_embeddings", default: maximumPositions)
            return try source.size("original_max_position_embeddings", default: fallback)
        }
        let name = try source.text("rope_type") ?? source.text("type") ?? "default"
        switch name {
        case "default": return .none
        case "linear": return .linear(factor: try source.positive("factor"))
        case "dynamic": return .dynamic(factor: try source.positive("factor"))
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
        default:
            throw ModelConfigurationError.unsupported(
                key: "rope_type", value: name, supported: names, file: source.file)
        }
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
