import JSONDocuments
package import LinuxSystem
package import WeightFiles

/// Tensors divided over files of a limited size, with the index that tells where each is.
package struct ShardedFiles {
    private let tensors: [TensorToWrite]
    private let shards: [[Int]]
    private let stem: String
    private let ending: String

    /// - Parameters:
    ///   - tensors: in the order of the model
    ///   - limit: bytes of a file
    package init(_ tensors: [TensorToWrite], limit: Int, stem: String = "model", ending: String = "safetensors") {
        self.tensors = tensors
        self.stem = stem
        self.ending = ending
        shards = ShardPlan.shards(sizes: tensors.map(\.byteCount), limit: limit)
    }

    /// - Parameter write: writes a file that holds the tensors
    package func files(
        _ write: @escaping (_ tensors: [TensorToWrite], _ name: String, _ file: AtomicFile) throws -> Void
    ) -> [ExportFile] {
        var files: [ExportFile] = []
        var map = JSONObject()
        for (number, shard) in shards.enumerated() {
            let name = ShardPlan.fileName(stem: stem, ending: ending, number: number + 1, of: shards.count)
            let content = shard.map { tensors[$0] }
            for tensor in content { map[tensor.name] = .string(name) }
            files.append(
                ExportFile(name: name, byteCount: content.reduce(0) { $0 + $1.byteCount }) { file in
                    try write(content, name, file)
                })
        }
        if shards.count > 1 {
            files.append(
                ExportFile(
                    name: "\(stem).\(ending).index.json", bytes: CheckpointWriter.indexText(of: tensors, map)))
        }
        return files
    }
}
