package import JSONDocuments

/// Writes a model's tensors as one file or as shards with an index, and removes those of an earlier save.
package enum CheckpointWriter {
    /// What transformers 5 uses for training checkpoints.
    package static let defaultShardLimit = 50_000_000_000

    /// - Parameters:
    ///   - tensors: in the order of the model
    ///   - shardLimit: bytes of a file
    /// - Returns: the names of the files written
    @discardableResult
    package static func write(
        _ tensors: [TensorToWrite], into output: some CheckpointOutput, shardLimit: Int = defaultShardLimit
    ) throws -> [String] {
        let shards = ShardPlan.shards(sizes: tensors.map(\.byteCount), limit: shardLimit)
        var written: [String] = []
        var map = JSONObject()
        for (number, shard) in shards.enumerated() {
            let name = ShardPlan.fileName(number: number + 1, of: shards.count)
            try output.writeFile(name) { append in
                try SafetensorsWriter.write(shard.map { tensors[$0] }, append: append)
            }
            written.append(name)
            for position in shard { map[tensors[position].name] = .string(name) }
        }
        if shards.count > 1 {
            let index = "model.safetensors.index.json"
            try output.writeFile(index, bytes: indexText(of: tensors, map))
            written.append(index)
        }
        for stale in try output.fileNames() where ShardPlan.isWeightFile(stale) && !written.contains(stale) {
            try output.removeFile(stale)
        }
        return written
    }

    /// The index of a checkpoint in shards.
    ///
    /// - Parameter map: the file of each tensor
    package static func indexText(of tensors: [TensorToWrite], _ map: JSONObject) -> [UInt8] {
        let parameters = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
        let bytes = tensors.reduce(0) { $0 + $1.byteCount }
        let index: JSONValue = [
            "metadata": [
                "total_parameters": .integer(Int64(parameters)), "total_size": .integer(Int64(bytes)),
            ],
            "weight_map": .object(map),
        ]
        return index.serializedBytes(.indented(2), sortedKeys: true) + [UInt8(ascii: "\n")]
    }
}
