/// DeepSpeed spreads memory over devices, which changes no result. Its settings can also say how to train; that is
/// refused where it differs from what the run says itself. `auto` stands for what the run says.
package enum DeepSpeedRules {
    struct Entry: Sendable {
        let key: String
        let instead: String
        let differs: @Sendable (_ value: ConfigurationValue, _ run: RunConfiguration) -> Bool
    }

    static let entries: [Entry] =
        [
            Entry(key: "optimizer", instead: "set `optim` and its parameters") { value, _ in value != .string("auto") },
            Entry(key: "scheduler", instead: "set `lr_scheduler_type` and its parameters") { value, _ in
                value != .string("auto")
            },
            number("gradient_clipping", "set `max_grad_norm`") { $0[Parameters.maxGradNorm] ?? 0 },
            number("gradient_accumulation_steps", "set it as a parameter") {
                Double($0[Parameters.gradientAccumulationSteps])
            },
            number("train_micro_batch_size_per_gpu", "set `per_device_train_batch_size`") {
                Double($0[Parameters.perDeviceTrainBatchSize])
            },
            number("train_batch_size", "set `per_device_train_batch_size` and `gradient_accumulation_steps`") {
                Double($0[Parameters.perDeviceTrainBatchSize] * $0[Parameters.gradientAccumulationSteps])
            },
        ]
        + [
            "fp16", "compression_training", "curriculum_learning", "data_efficiency", "progressive_layer_drop",
            "quantize_training", "sparse_attention",
        ].map { key in
            Entry(key: key, instead: "take it out, or set `enabled: false` in it") { value, _ in
                guard case .mapping(let entries) = value else { return false }
                return ConfigurationMapping(entries)["enabled"] == .bool(true)
            }
        }

    private static func number(
        _ key: String, _ instead: String, _ own: @escaping @Sendable (RunConfiguration) -> Double
    ) -> Entry {
        Entry(key: key, instead: instead) { value, run in
            switch value {
            case .integer(let number): Double(number) != own(run)
            case .number(let number): number != own(run)
            default: false
            }
        }
    }

    fileprivate static func firstDifference(_ settings: ConfigurationMapping, _ run: RunConfiguration) -> Entry? {
        entries.first { entry in settings[entry.key].map { $0 != .null && entry.differs($0, run) } ?? false }
    }

    fileprivate static func message(_ entry: Entry) -> String {
        "`\(entry.key)` of DeepSpeed's settings would change the results, but only `auto` and what the run says are known"
    }
}

extension CrossRule {
    /// Settings given as a mapping; those in a file are looked at when the run begins.
    static let deepSpeed: [CrossRule] = DeepSpeedRules.entries.map { entry in
        CrossRule(Parameters.deepspeed, DeepSpeedRules.message(entry), hint: entry.instead) { run in
            guard case .mapping(let settings) = run[Parameters.deepspeed] else { return false }
            return DeepSpeedRules.firstDifference(settings, run)?.key == entry.key
        }
    }
}

extension RunConfiguration {
    /// Checks the contents of the file that `deepspeed` names.
    ///
    /// - Throws: `ConfigurationError` for a text that is not JSON, or an entry that would change results
    package func checkDeepSpeed(fileContents text: String, path: String) throws(ConfigurationError) {
        guard case .mapping(let entries) = try YAMLDocument.parse(text, source: .file(path))?.value,
            let entry = DeepSpeedRules.firstDifference(ConfigurationMapping(entries), self)
        else { return }
        throw conflict(Parameters.deepspeed, reason: "\(path): \(DeepSpeedRules.message(entry))", hint: entry.instead)
    }
}
