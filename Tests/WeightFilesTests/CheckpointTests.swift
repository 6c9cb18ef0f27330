import Foundation
import JSONDocuments
import LinuxSystem
import Tensors
import Testing
import WeightFiles

@Suite struct CheckpointTests {
    /// The example of the hub library's rule.
    @Test func shardPlan() {
        let sizes = [600, 600, 200, 600, 1500, 200, 200]
        #expect(ShardPlan.shards(sizes: sizes, limit: 1000) == [[0], [1, 2], [4], [3, 5, 6]])
        #expect(ShardPlan.shards(sizes: sizes, limit: 10_000) == [[0, 1, 2, 3, 4, 5, 6]])
        #expect(ShardPlan.shards(sizes: [], limit: 10).isEmpty)
        #expect(ShardPlan.fileName(number: 2, of: 12) == "model-00002-of-00012.safetensors")
        #expect(ShardPlan.fileName(number: 1, of: 1) == "model.safetensors")
    }

    @Test func shardedSaveReadsBackAndReplacesTheOldOne() throws {
        try withTemporaryDirectory { directory in
            let output = try OutputDirectory(path: directory)
            let tensors = (0..<5).map { index in
                TensorToWrite(name: "t\(index)", tensor: Tensor((0..<10).map { Float($0 * index) }))
            }
            try CheckpointWriter.write(tensors, into: output, shardLimit: 80)
            #expect(
                try output.fileNames().sorted() == [
                    "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
                    "model-00003-of-00003.safetensors", "model.safetensors.index.json",
                ])
            let weights = try CheckpointWeights(directory: directory)
            #expect(weights.names == ["t0", "t1", "t2", "t3", "t4"] && weights.byteCount == 200)
            #expect(try weights.weight("t4", shape: [10]).widened().array == (0..<10).map { Float($0 * 4) })
            let index = try JSONValue(parsing: MappedFile.contents(of: "\(directory)/model.safetensors.index.json"))
            #expect(index["metadata"] == ["total_parameters": 50, "total_size": 200])
            #expect(index["weight_map"]?["t2"] == "model-00002-of-00003.safetensors")

            try CheckpointWriter.write(tensors, into: output)
            #expect(try output.fileNames() == ["model.safetensors"])
        }
    }

    @Test func missingAndMisshapenTensorsAreNamed() throws {
        try withTemporaryDirectory { directory in
            let tensor = try Tensor([1, 2, 3, 4], shape: [2, 2])
            try CheckpointWriter.write(
                [TensorToWrite(name: "w", tensor: tensor)], into: OutputDirectory(path: directory))
            let weights = try CheckpointWeights(directory: directory)
            let missing = try #require(throws: WeightFileError.self) { try weights.weight("v", shape: [3]) }
            #expect(missing.description.contains("'v'") && missing.description.contains("[3]"))
            let wrong = try #require(throws: WeightFileError.self) { try weights.weight("w", shape: [4]) }
            #expect(wrong.description.contains("[4]") && wrong.description.contains("[2, 2]"))
            #expect(wrong.description.contains("model.safetensors"))
        }
    }

    @Test(arguments: [
        #"{"weight_map":{"w":"../model.safetensors"}}"#, #"{"weight_map":{"w":"/etc/passwd"}}"#,
        #"{"weight_map":{"w":"absent.safetensors"}}"#, #"{"weight_map":{"v":"one.safetensors"}}"#,
        #"{"weight_map":{"w":7}}"#, #"{"weight_map":[]}"#, #"{}"#, #"{"#,
    ])
    func hostileIndexes(index: String) throws {
        try withTemporaryDirectory { directory in
            let output = try OutputDirectory(path: directory)
            try output.writeFile(
                "one.safetensors", bytes: SafetensorsWriter.bytes([TensorToWrite(name: "w", tensor: Tensor([1]))]))
            try output.writeFile("model.safetensors.index.json", bytes: Array(index.utf8))
            #expect(throws: WeightFileError.self) { try CheckpointWeights(directory: directory) }
        }
    }

    @Test func directoriesWithoutWeights() throws {
        try withTemporaryDirectory { directory in
            let none = try #require(throws: WeightFileError.self) { try CheckpointWeights(directory: directory) }
            #expect(none.description.contains("model.safetensors.index.json"))
            try OutputDirectory(path: directory).writeFile("pytorch_model.bin", bytes: [1])
            let pickle = try #require(throws: PyTorchFileError.self) { try CheckpointWeights(directory: directory) }
            #expect(pickle.description.contains("pytorch_model.bin: is not a zip archive"))
        }
    }

    @Test func aFailedWriteLeavesTheOldFile() throws {
        struct Stop: Error {}
        try withTemporaryDirectory { directory in
            let output = try OutputDirectory(path: directory)
            try output.writeFile("f", bytes: [1, 2, 3])
            #expect(throws: Stop.self) {
                try output.writeFile("f") { append in
                    try [UInt8](repeating: 9, count: 100).withUnsafeBytes { try append($0) }
                    throw Stop()
                }
            }
            #expect(try MappedFile.contents(of: "\(directory)/f") == [1, 2, 3])
            #expect(try output.fileNames() == ["f"])
        }
    }
}
