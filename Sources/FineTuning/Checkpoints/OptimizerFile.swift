import LinuxSystem
package import Optimizers
import Tensors
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
                state.tensors.map(tensor), metadata: metadata,
                append: append)
        }
    }

    /// - Throws: `CheckpointError.withoutOptimizer` when the checkpoint has no such file
    package static func read(from folder: String) throws -> OptimizerState {
        let path = "\(folder)/\(name)"
        guard FileSystem.isFile(path) else { throw CheckpointError.withoutOptimizer(path: folder) }
        let file = try SafetensorsFile(path: path)
        return OptimizerState(
            tensors: try file.records.map { ($0.name, try value(of: $0, in: file)) }, counters: file.metadata)
    }

    private static func tensor(_ name: String, _ value: StateValue) -> TensorToWrite {
        switch value {
        case .floats(let tensor): TensorToWrite(name: name, tensor: tensor)
        case .bytes(let tensor): TensorToWrite(name: name, tensor: tensor)
        }
    }

    private static func value(of record: TensorRecord, in file: SafetensorsFile) throws -> StateValue {
        guard record.type == .unsigned8 else { return .floats(try file.tensor(named: record.name)) }
        return try file.withBytes(of: record.name) {
            .bytes(try ByteTensor(copying: $0, shape: record.shape, name: record.name))
        }
    }
}
