import Checkpoints
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tensors

extension CheckpointManifest.Conditions {
    /// Parameters that decide where a run writes and what it tells, but none of its numbers; and those of precision,
    /// which stands beside them as it was decided.
    private static let irrelevant: Set<String> = [
        "output_dir", "overwrite_output_dir", "resume_from_checkpoint", "save_strategy", "save_steps",
        "save_total_limit", "save_only_model", "logging_strategy", "logging_steps", "logging_first_step", "logging_dir",
        "plot_loss", "report_to", "run_name", "disable_tqdm", "disable_gradient_checkpointing",
        "preprocessing_num_workers", "overwrite_cache", "dataloader_num_workers", "ddp_timeout", "log_level",
        "matmul_precision", "bf16",
    ]

    init(_ configuration: RunConfiguration, dataHash: String, blas: BLAS) {
        let relevant: JSONObject
        if case .object(let all) = JSONValue(configuration.effectiveValues) {
            relevant = JSONObject(all.filter { !Self.irrelevant.contains($0.key) })
        } else {
            relevant = [:]
        }
        self.init(
            configuration: FileHash.of(JSONValue.object(relevant).serializedBytes(sortedKeys: true)), data: dataHash,
            seed: configuration[Parameters.seed], threads: ComputePool.shared.threads, coreType: blas.coreName,
            vectorInstructions: CPUFeatures.vectorInstructions,
            matmulPrecision: MatmulPrecision(configuration).rawValue)
    }
}

extension JSONValue {
    /// A configuration value as JSON.
    init(_ value: ConfigurationValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .list(let items): self = .array(items.map { JSONValue($0) })
        case .mapping(let entries):
            self = .object(JSONObject(entries.map { (key: $0.key, value: JSONValue($0.value)) }))
        }
    }
}
