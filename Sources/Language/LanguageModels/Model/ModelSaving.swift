import JSONDocuments
package import Tensors
package import WeightFiles

extension DecoderModel {
    /// The tensors of a checkpoint, in the order of the model.
    ///
    /// - Parameter format: nil keeps frozen weights as they are stored and writes trained ones as float32
    package func tensorsToWrite(storedAs format: WeightFormat? = nil) -> [TensorToWrite] {
        tensors.map { name, value in
            switch value {
            case .frozen(let weight): TensorToWrite(weight: weight, name: name, storedAs: format)
            case .trainable(let parameter):
                TensorToWrite(name: name, tensor: parameter.value, storedAs: format ?? .float32)
            }
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
