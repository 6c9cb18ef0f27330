import JSONDocuments
package import Tensors
package import WeightFiles

extension DecoderModel {
    /// The tensors of a checkpoint, in the order of the model.
    ///
    /// - Parameter format: nil keeps frozen weights as they are stored and writes trained ones as float32
    package func tensorsToWrite(storedAs format: WeightFormat? = nil) -> [TensorToWrite] {
        var fused: [String: [(first: Int, name: String, value: Matrix)]] = [:]
        for (name, value) in tensors {
            guard let part = fusedRows[name] else { continue }
            fused[part.tensor.name, default: []].append((part.rows.lowerBound, name, value))
        }
        return tensors.compactMap { name, value in
            guard let tensor = fusedRows[name]?.tensor else { return Self.toWrite(name, value, format) }
            guard let parts = fused.removeValue(forKey: tensor.name)?.sorted(by: { $0.first < $1.first }) else {
                return nil
            }
            let formats = Set(parts.map { $0.value.storedFormat })
            let common = format ?? (formats.count == 1 ? parts.first?.value.storedFormat : nil) ?? .float32
            return TensorToWrite(
                name: tensor.name, shape: tensor.shape, storedAs: common,
                joining: parts.map { Self.toWrite($0.name, $0.value, common) })
        }
    }

    private static func toWrite(_ name: String, _ value: Matrix, _ format: WeightFormat?) -> TensorToWrite {
        switch value {
        case .frozen(let weight): TensorToWrite(weight: weight, name: name, storedAs: format)
        case .trainable(let parameter):
            TensorToWrite(name: name, tensor: parameter.value, storedAs: format ?? .float32)
        }
    }

    /// Writes `model.safetensors` (or shards with their index), `config.json` and `generation_config.json`.
    ///
    /// - Parameter shardLimit: bytes of a weight file
    package func save(
        into output: some CheckpointOutput, generation: GenerationDefaults, storedAs format: WeightFormat,
        shardLimit: Int = CheckpointWriter.defaultShardLimit
    ) throws {
        try CheckpointWriter.write(tensorsToWrite(storedAs: format), into: output, shardLimit: shardLimit)
        let newline = [UInt8(ascii: "\n")]
        try output.writeFile(
            "config.json",
            bytes: configuration.saved(weightFormat: format).serializedBytes(.indented(2), sortedKeys: true) + newline)
        try output.writeFile(
            "generation_config.json",
            bytes: generation.saved.serializedBytes(.indented(2), sortedKeys: true) + newline)
    }
}

extension Matrix {
    /// The type of its stored numbers; nil where they are packed in groups.
    fileprivate var storedFormat: WeightFormat? {
        switch self {
        case .frozen(let weight): weight.format
        case .trainable: .float32
        }
    }
}
