import LinuxSystem
package import Tensors
package import WeightFiles

/// `optimizer.safetensors`: an optimizer's tensors under names of its own choice, and its counters as metadata.
///
/// It stands in for `optimizer.pt`, which is a pickle.
package enum OptimizerFile {
    package static let name = "optimizer.safetensors"

    package struct Contents {
        package var tensors: [(name: String, value: Tensor)]
        package var counters: [String: String]

        package init(tensors: [(name: String, value: Tensor)], counters: [String: String]) {
            self.tensors = tensors
            self.counters = counters
        }
    }

    package static func write(_ contents: Contents, into output: some CheckpointOutput) throws {
        var metadata = contents.counters
        metadata["format"] = "pt"
        try output.writeFile(name) { append in
            try SafetensorsWriter.write(
                contents.tensors.map { TensorToWrite(name: $0.name, tensor: $0.value) }, metadata: metadata,
                append: append)
        }
    }

    /// - Throws: `CheckpointError.withoutOptimizer` when the checkpoint has no such file
    package static func read(from folder: String) throws -> Contents {
        let path = "\(folder)/\(name)"
        guard FileSystem.isFile(path) else { throw CheckpointError.withoutOptimizer(path: folder) }
        let file = try SafetensorsFile(path: path)
        return Contents(
            tensors: try file.records.map { ($0.name, try file.tensor(named: $0.name)) }, counters: file.metadata)
    }
}
