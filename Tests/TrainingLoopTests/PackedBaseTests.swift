import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import Tokenization
import TrainingLoop
import WeightFiles

/// Adapters on bases whose weights are packed: the same run as on the numbers that they stand for.
struct PackedBaseTests {
    /// A folder with the fixtures' tokenizer and what `write` puts beside it.
    private static func base(_ write: (_ folder: String, _ model: DecoderModel) throws -> Void) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("base-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let source = RunFixture.folder + "/model"
        for name in ["tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder)/\(name)")
        }
        try write(folder, DecoderModel.load(directory: source))
        return folder
    }

    private static func write(_ tensors: [TensorToWrite], _ configuration: JSONObject, _ folder: String) throws {
        try CheckpointWriter.write(tensors, into: OutputDirectory(path: folder))
        try Data(JSONValue.object(configuration).serializedBytes(.compact))
            .write(to: URL(fileURLWithPath: folder + "/config.json"))
    }

    /// The fixtures' model in four bits, and what it stands for in float32.
    private static func quantized(isPlain: Bool) throws -> String {
        try base { folder, model in
            var settings = GPTQSettings(bits: 4)
            settings.groupSize = 8
            let linear = Set(model.linearModules.map { "\($0.path).weight" })
            let tensors = try model.tensors.flatMap { name, value -> [TensorToWrite] in
                guard linear.contains(name) else { return [TensorToWrite(name: name, tensor: value.widened())] }
                let path = String(name.dropLast(".weight".utf8.count))
                let codes = try GPTQSolver.quantize(
                    value.widened(), hessian: GPTQHessian(inputs: value.shape[1]), settings: settings, name: path)
                return isPlain ? [TensorToWrite(name: name, tensor: codes.widened())] : codes.tensorsToWrite(path: path)
            }
            var configuration = model.configuration.source
            if !isPlain {
                configuration["quantization_config"] = settings.configuration(
                    layers: [], dataset: "", sampleLength: 0)
            }
            try write(tensors, configuration, folder)
        }
    }

    private static func losses(_ model: String, _ more: [String] = []) throws -> [Double] {
        let run = RunFixture()
        try run.run("sft-lora", ["model_name_or_path=\(model)"] + more)
        return try run.history().compactMap { $0["loss"]?.double }
    }

    @Test func gptq() throws {
        let (packed, plain) = (try Self.quantized(isPlain: false), try Self.quantized(isPlain: true))
        defer { for folder in [packed, plain] { try? FileManager.default.removeItem(atPath: folder) } }
        let (found, expected) = (try Self.losses(packed), try Self.losses(plain))
        #expect(!found.isEmpty && found.count == expected.count && Set(found).count > 1)
        for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-5 * abs(right)) }
        for change in ["finetuning_type=full", "pissa_init=true", "finetuning_type=freeze"] {
            let error = #expect(throws: TuningError.self) {
                try Self.losses(packed, [change, "adapter_name_or_path=null"])
            }
            #expect(error?.description.contains("the base is quantized (gptq)") == true)
        }
    }

    @Test func gguf() throws {
        let folder = try Self.base { folder, model in
            let tokenizer = try Tokenizer(directory: folder)
            let vocabulary = try tokenizer.ggufMetadata(
                size: model.configuration.vocabularySize, endTokens: model.configuration.endTokens)
            try OutputDirectory(path: folder).writeFile("model.gguf") { append in
                try GGUFModelWriting(model.configuration, type: .float32).write(
                    name: "base", tensors: model.tensorsToWrite(), vocabulary: vocabulary, append: append)
            }
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (found, expected) = (try Self.losses("\(folder)/model.gguf"), try Self.losses("model"))
        #expect(!found.isEmpty && found.count == expected.count)
        for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-5 * abs(right)) }
    }
}
