import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

/// Checkpoints that other programs have quantized: log-probabilities of the reference.
struct QuantizedCheckpointGoldenTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            var ids: [Int32]
            var logProbabilities: [Double]

            enum CodingKeys: String, CodingKey {
                case ids
                case logProbabilities = "token_logprobs"
            }
        }

        var cases: [Case]
    }

    /// The folder of golden quantizations; nil where it is not there.
    static let folder = ModelGoldenTests.folder.map {
        URL(fileURLWithPath: $0).deletingLastPathComponent().path + "/infer/quant"
    }

    @Test(.enabled(if: folder != nil)) func gptq() throws {
        let folder = try #require(Self.folder)
        try check("ckpt-gptq4-desc", DecoderModel.load(directory: "\(folder)/checkpoints/ckpt-gptq4-desc"))
    }

    /// The checkpoint lacks the biases that its numbers were computed with; those of the model it was made of do.
    @Test(.enabled(if: folder != nil)) func awq() throws {
        let checkpoint = try #require(Self.folder) + "/checkpoints/ckpt-awq4"
        #expect(throws: WeightFileError.self) { try DecoderModel.load(directory: checkpoint) }
        let original = try SafetensorsFile(path: checkpoint + "/../../../models/talker/model.safetensors")
        let file = try SafetensorsFile(path: checkpoint + "/model.safetensors")
        var tensors = try file.records.map { record in
            TensorToWrite(
                name: record.name, type: record.type, shape: record.shape,
                bytes: try file.withBytes(of: record.name) { Array($0) })
        }
        for record in original.records where record.name.hasSuffix(".bias") {
            tensors.append(TensorToWrite(weight: try original.weight(named: record.name), storedAs: .float32))
        }
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("awq-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: target) }
        try CheckpointWriter.write(tensors, into: OutputDirectory(path: target))
        try FileManager.default.copyItem(atPath: checkpoint + "/config.json", toPath: target + "/config.json")
        // Multiplying the same unpacked weights in float32 with PyTorch is as far from the reference: 1.25e-3.
        try check("ckpt-awq4", DecoderModel.load(directory: target), within: 2e-3)
    }

    private func check(_ name: String, _ model: DecoderModel, within tolerance: Double = 1e-3) throws {
        let folder = try #require(Self.folder)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json"))
        let golden = try JSONValue(parsing: Array(data)).decoded(as: Golden.self)
        #expect(golden.cases.count == 4)
        let packed = try model.tokenLogProbabilities(golden.cases.map(\.ids))
        for (example, found) in zip(golden.cases, packed) {
            #expect(found.count == example.logProbabilities.count)
            for (left, right) in zip(found, example.logProbabilities) { #expect(abs(Double(left) - right) < tolerance) }
        }
    }
}
