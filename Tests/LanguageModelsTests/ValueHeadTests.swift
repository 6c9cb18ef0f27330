import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

struct ValueHeadTests {
    private func configuration(_ dropout: JSONValue? = nil) throws -> ModelConfiguration {
        var object: JSONObject = [
            "model_type": "qwen2", "vocab_size": 11, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 16, "rms_norm_eps": 1e-5,
        ]
        object["summary_dropout_prob"] = dropout
        return try ModelConfiguration(.object(object))
    }

    private func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("head-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test func savesAndLoadsUnderTheReferencesNames() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = try configuration()
        #expect(try ValueHead.load(directory: path, for: configuration) == nil)
        let head = try ValueHead.fresh(configuration, seed: 1)
        #expect(head.parameters.flatMap(\.value.array).allSatisfy { abs($0) <= 1 / Float(8).squareRoot() })
        try head.save(into: OutputDirectory(path: path))
        let file = try SafetensorsFile(path: path + "/value_head.safetensors")
        #expect(file["v_head.summary.weight"]?.shape == [1, 8] && file["v_head.summary.bias"]?.shape == [1])
        let loaded = try #require(try ValueHead.load(directory: path, for: configuration))
        #expect(loaded.parameters.map(\.value.array) == head.parameters.map(\.value.array))
        let other = try ValueHead.fresh(configuration, seed: 2)
        #expect(other.weight.value.array != head.weight.value.array)
        try other.load(from: path)
        #expect(other.weight.value.array == head.weight.value.array)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = try configuration()
        _ = FileManager.default.createFile(atPath: path + "/value_head.bin", contents: Data([1]))
        #expect(throws: WeightFileError.self) { try ValueHead.load(directory: path, for: configuration) }
        func write(_ weight: [Float], _ names: [String]) throws {
            try OutputDirectory(path: path).writeFile("value_head.safetensors") { append in
                try SafetensorsWriter.write(
                    [
                        TensorToWrite(name: names[0], tensor: Tensor(weight, shape: [1, weight.count])),
                        TensorToWrite(name: names[1], tensor: Tensor([0])),
                    ], append: append)
            }
        }
        let names = ["v_head.summary.weight", "v_head.summary.bias"]
        try write([1, 2, 3], names)
        #expect(throws: WeightFileError.self) { try ValueHead.load(directory: path, for: configuration) }
        try write([1, 2, 3, 4, 5, 6, 7, 8], ["weight", "bias"])
        #expect(throws: WeightFileError.self) { try ValueHead.load(directory: path, for: configuration) }
        try write([1, 2, 3, 4, 5, 6, 7, .nan], names)
        #expect(throws: NotFiniteTensor.self) { try ValueHead.load(directory: path, for: configuration) }
        #expect(throws: ModelConfigurationError.self) {
            try ValueHead.fresh(self.configuration(.number(1.5)), seed: 1)
        }
    }

    /// The model says how much is dropped, a tenth where it does not, and only training drops.
    @Test(arguments: [(nil, true), (.number(0), false), (.number(0.5), true), (.null, true)] as [(JSONValue?, Bool)])
    func dropoutIsTheModels(probability: JSONValue?, drops: Bool) throws {
        let head = try ValueHead.fresh(configuration(probability), seed: 1)
        let hidden = Tensor(uninitialized: [40, 8])
        hidden.fill(1)
        func values(_ randomness: RandomContext?) throws -> [Float] {
            let tape = Tape(recording: true, randomness: randomness)
            return try head.values(tape.leaf(hidden), rows: Array(0..<40), on: tape).value.array
        }
        let still = try values(nil)
        #expect(Set(still).count == 1)
        let moving = try values(RandomContext(seed: 1, step: 2, microBatch: 3))
        #expect((Set(moving).count > 1) == drops)
    }
}
