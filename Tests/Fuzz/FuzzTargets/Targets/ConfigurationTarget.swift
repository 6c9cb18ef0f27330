import RunConfiguration

/// YAML of a run: read, validated, or refused with a place.
struct ConfigurationTarget: FuzzTarget {
    static let name = "yaml"
    static let tokens =
        [
            "&a ", "*a", "!!str ", "<<: ", "- ", ": ", "|\n", ">\n", "{", "}", "[", "]", "'", "\"", "#", "---\n",
            "%YAML 1.2\n", "\n ", "? ",
        ]
        + Parameters.all.map { $0.name + ": " }
    static var seeds: [[UInt8]] {
        [
            """
            model_name_or_path: /models/base
            stage: sft
            do_train: true
            finetuning_type: lora
            lora_rank: 8
            lora_target: [q_proj, v_proj]
            dataset: a,b
            template: qwen
            cutoff_len: 512
            learning_rate: 1.0e-4
            num_train_epochs: 3.0
            lr_scheduler_kwargs: {num_cycles: 2, a: [1, 2, {b: c}]}
            output_dir: "out put"
            """, "seed: &a 7\ndata_seed: *a\n", "# nothing\n---\nbf16: yes\n...\n",
            "lora_alpha: 16\nlora_rank: !!int '8'\n",
        ].map { Array($0.utf8) }
    }

    func take(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        let (configuration, problems) = RunConfiguration.read(yaml: text, name: "fuzz.yaml")
        if problems.isEmpty { _ = try configuration.validated(for: .training) }
        for problem in problems where problem.description.count > 2000 {
            throw BrokenPromise("a message of \(problem.description.count) characters")
        }
    }

    static func isExpected(_ error: any Error) -> Bool { error is ConfigurationError }
}
