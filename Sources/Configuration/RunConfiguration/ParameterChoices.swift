/// What a run trains for (training-and-inference, 1.2).
package enum Stage: String, CaseIterable, ParameterValue {
    case pt, sft, rm, ppo, dpo, kto
}

/// Which weights a run changes.
package enum FinetuningType: String, CaseIterable, ParameterValue {
    case lora, oft, freeze, full

    /// Whether an adapter is trained beside the weights, and not the weights themselves.
    package var trainsAdapter: Bool { self == .lora || self == .oft }
}

/// The learning-rate schedules of the reference.
package enum LearningRateScheduleName: String, CaseIterable, ParameterValue {
    case linear, cosine
    case cosineWithRestarts = "cosine_with_restarts"
    case polynomial, constant
    case constantWithWarmup = "constant_with_warmup"
    case inverseSquareRoot = "inverse_sqrt"
    case reduceOnPlateau = "reduce_lr_on_plateau"
    case cosineWithMinimum = "cosine_with_min_lr"
    case cosineWarmupWithMinimum = "cosine_warmup_with_min_lr"
    case warmupStableDecay = "warmup_stable_decay"
}

/// When something repeats during training.
package enum IntervalStrategy: String, CaseIterable, ParameterValue {
    case no, steps, epoch
}

/// When checkpoints are written; `best` only after an evaluation better than all before.
package enum SaveStrategy: String, CaseIterable, ParameterValue {
    case no, steps, epoch, best
}

/// The number format of weights and activations at inference.
package enum InferenceNumberFormat: String, CaseIterable, ParameterValue {
    case auto, float16, bfloat16, float32
}

/// How several datasets become one.
package enum MixStrategy: String, CaseIterable, ParameterValue {
    case concat
    case interleaveUnder = "interleave_under"
    case interleaveOver = "interleave_over"
    case interleaveOnce = "interleave_once"
}

/// The order of training items.
package enum SamplingStrategy: String, CaseIterable, ParameterValue {
    case random
    case sequential
    case groupByLength = "group_by_length"
}

/// Which input tokens the log counts; written as a word or as a boolean (`true` is `all`).
package enum InputTokenCount: String, CaseIterable, ParameterValue {
    case no, all
    case nonPadding = "non_padding"

    package static func read(_ node: ConfigurationNodeView) -> InputTokenCount? {
        if let word = node.text.flatMap({ InputTokenCount(rawValue: $0) }) { return word }
        return Bool.read(node).map { $0 ? .all : .no }
    }
}

/// From where training goes on: `true` means the newest checkpoint of `output_dir`, a text a checkpoint's path.
package enum ResumePoint: ParameterValue {
    case newest
    case path(String)

    package static var typeName: String { "path or bool" }
    package static var schemaTypes: [String] { ["string", "boolean"] }

    package static func read(_ node: ConfigurationNodeView) -> ResumePoint? {
        switch node.value {
        case .bool(true): .newest
        case .string(let text) where text.lowercased() == "true": .newest
        case .string(let text) where !text.isBlank: .path(text)
        default: nil
        }
    }

    package var configurationValue: ConfigurationValue {
        switch self {
        case .newest: .bool(true)
        case .path(let path): .string(path)
        }
    }
}

/// A part of a dataset: an integer literal is a number of rows, a float a share of them.
package enum RowShare: ParameterValue {
    case count(Int)
    case fraction(Double)

    package static var typeName: String { "int or float" }
    package static var schemaTypes: [String] { ["number"] }

    package static func read(_ node: ConfigurationNodeView) -> RowShare? {
        switch node.value {
        case .integer(let value): Int(exactly: value).map(RowShare.count)
        case .number(let value): value.isFinite ? .fraction(value) : nil
        case .string(let text):
            switch PlainScalar.value(of: text) {
            case .integer(let value): Int(exactly: value).map(RowShare.count)
            case .number(let value): value.isFinite ? .fraction(value) : nil
            default: nil
            }
        default: nil
        }
    }

    package var configurationValue: ConfigurationValue {
        switch self {
        case .count(let count): .integer(Int64(count))
        case .fraction(let share): .number(share)
        }
    }

    /// Whether anything is set aside at all (the reference compares with 1e-6).
    package var isPositive: Bool {
        switch self {
        case .count(let count): count > 0
        case .fraction(let share): share > 1e-6
        }
    }
}

/// A number of pixels, written as a number or as `512x512`.
package struct PixelCount: ParameterValue {
    package let pixels: Int

    package init(_ pixels: Int) {
        self.pixels = pixels
    }

    package static var typeName: String { "int" }
    package static var schemaTypes: [String] { ["integer", "string"] }

    package static func read(_ node: ConfigurationNodeView) -> PixelCount? {
        if let pixels = Int.read(node) { return PixelCount(pixels) }
        guard case .string(let text) = node.value else { return nil }
        let sides = text.split(whereSeparator: { $0 == "x" || $0 == "*" }).map { Int($0.trimmed) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], (0...100_000).contains(width),
            (0...100_000).contains(height)
        else { return nil }
        return PixelCount(width * height)
    }

    package var configurationValue: ConfigurationValue { .integer(Int64(pixels)) }
}

/// Settings given as a file's path or written out as a mapping.
package enum ConfigurationValueOrPath: ParameterValue {
    case path(String)
    case mapping(ConfigurationMapping)

    package static var typeName: String { "path or mapping" }
    package static var schemaTypes: [String] { ["string", "object"] }

    package static func read(_ node: ConfigurationNodeView) -> ConfigurationValueOrPath? {
        switch node.value {
        case .string(let text): .path(text)
        case .mapping(let entries): .mapping(ConfigurationMapping(entries))
        default: nil
        }
    }

    package var configurationValue: ConfigurationValue {
        switch self {
        case .path(let path): .string(path)
        case .mapping(let mapping): mapping.configurationValue
        }
    }
}
