package import Foundation

/// A short run on the bundled example model.
package enum SmallRun {
    /// - Parameter extra: lines added to the YAML.
    package static func yaml(steps: Int = 6, extra: [String] = []) -> String {
        ([
            "model_name_or_path: \(Checkout.root.path)/examples/valley/base", "stage: sft", "do_train: true",
            "finetuning_type: lora", "lora_rank: 4", "lora_target: all",
            "dataset_dir: \(Checkout.root.path)/examples/valley/data", "dataset: valley_questions",
            "template: xverse", "cutoff_len: 64", "max_samples: 64", "logging_steps: 1",
            "per_device_train_batch_size: 4", "gradient_accumulation_steps: 2", "learning_rate: 1.0e-3",
            "max_steps: \(steps)", "overwrite_output_dir: true",
        ] + extra).joined(separator: "\n") + "\n"
    }

    /// Writes the YAML into `folder` and returns its path.
    package static func write(to folder: URL, steps: Int = 6, extra: [String] = []) throws -> String {
        let file = folder.appendingPathComponent("run-\(UUID().uuidString.prefix(6)).yaml")
        try Data(yaml(steps: steps, extra: extra).utf8).write(to: file)
        return file.path
    }

    /// What must not depend on interruptions: the weights, and every record without the members that measure time.
    package static func essence(of output: String) throws -> (weights: Data, records: [String]) {
        let weights = try Data(contentsOf: URL(fileURLWithPath: output + "/adapter_model.safetensors"))
        let state = try Data(contentsOf: URL(fileURLWithPath: output + "/trainer_state.json"))
        let object = try JSONSerialization.jsonObject(with: state) as? [String: Any]
        let history = object?["log_history"] as? [[String: Any]] ?? []
        let kept = ["step", "loss", "grad_norm", "learning_rate", "epoch"]
        return (
            weights,
            history.filter { $0["loss"] != nil }.map { record in
                kept.map { "\($0)=\(record[$0] ?? "-")" }.joined(separator: " ")
            }
        )
    }
}
