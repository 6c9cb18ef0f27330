import LinuxSystem
package import Optimizers
package import WeightFiles

/// `optimizer.safetensors`: what optimizers remember, counters as metadata.
///
/// It stands in for `optimizer.pt`, which is a pickle.
package enum OptimizerFile {
    package static let name = "optimizer.safetensors"

    package static func write(_ state: OptimizerState, into output: some CheckpointOutput) throws {
        var metadata = state.counters
        metadata["format"] = "pt"
        try output.writeFile(name) { append in
            try SafetensorsWriter.write(
                state.tensors.map { TensorToWrite(name: $0.name, tensor: $0.value) }, metadata: metadata,
                append: append)
        }
    }

    /// - Throws: `CheckpointError.withoutOptimizer` when the checkpoint has no such file
    package static func read(from folder: String) throws -> OptimizerState {
        let path = "\(folder)/\(name)"
        guard FileSystem.isFile(path) else { throw CheckpointError.withoutOptimizer(path: folder) }
        let file = try SafetensorsFile(path: path)
        return OptimizerState(
            tensors: try file.records.map { ($0.name, try file.tensor(named: $0.name)) }, counters: file.metadata)
    }
}
