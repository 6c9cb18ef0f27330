import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

/// Checkpoints whose linear layers are packed, made here of codes without meaning.
@Suite struct QuantizedCheckpointTests {
    private static let groupSize = 16

    /// The tensors of a packed layer, and the weight that they stand for.
    private static func packed(
        _ path: String, _ outputs: Int, _ inputs: Int, isAWQ: Bool
    ) throws -> (tensors: [TensorToWrite], weight: Tensor) {
        let groups = (inputs + groupSize - 1) / groupSize
        func word(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: (index + path.utf8.count) &* 2_654_435_761) }
        func tensor(_ name: String, _ shape: [Int]) -> (TensorToWrite, [UInt32]) {
            let words = (0..<shape.reduce(1, *)).map(word)
            return (
                TensorToWrite(
                    name: "\(path).\(name)", type: .signed32, shape: shape,
                    bytes: words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }), words
            )
        }
        let (codes, codeWords) = tensor("qweight", isAWQ ? [inputs, outputs / 8] : [(inputs + 7) / 8, outputs])
        let (zeros, zeroWords) = tensor("qzeros", [groups, (outputs + 7) / 8])
        let scales = (0..<groups * outputs).map { Float($0 % 7 + 1) / 256 }
        let scaleTensor = TensorToWrite(
            name: "\(path).scales", type: .float16, shape: [groups, outputs],
            bytes: Weight.narrowedBytes(Tensor(scales), to: .float16))
        let places = [0, 4, 1, 5, 2, 6, 3, 7]
        let weight = try Tensor(
            (0..<outputs * inputs).map { index in
                let (output, input) = (index / inputs, index % inputs)
                let group = input / groupSize
                let zeroWord = zeroWords[group * ((outputs + 7) / 8) + output / 8]
                let place = UInt32(isAWQ ? places[output % 8] : output % 8)
                let zero = isAWQ ? zeroWord >> (4 * place) & 15 : ((zeroWord >> (4 * place) & 15) + 1) & 15
                let code =
                    isAWQ
                    ? codeWords[input * (outputs / 8) + output / 8] >> (4 * place) & 15
                    : codeWords[input / 8 * outputs + output] >> (4 * UInt32(input % 8)) & 15
                return scales[group * outputs + output] * (Float(code) - Float(zero))
            }, shape: [outputs, inputs])
        return ([codes, zeros, scaleTensor], weight)
    }

    /// Writes a packed model and gives it beside the same model with plain weights.
    private func checkpoint(
        _ family: String, isAWQ: Bool, settings: JSONObject = [:], changing: (inout [TensorToWrite]) -> Void = { _ in },
        _ body: (_ folder: String, _ plain: DecoderModel) throws -> Void
    ) throws {
        let model = try GGUFModelTests.model(family)
        var plain: [String: Tensor] = [:]
        var tensors: [TensorToWrite] = []
        let linear = Set(model.linearModules.filter { $0.path != "lm_head" && $0.outputs % 8 == 0 }.map(\.path))
        for (name, value) in model.tensors {
            let path = name.split(separator: ".").dropLast().joined(separator: ".")
            if name.hasSuffix(".weight"), linear.contains(path) {
                let layer = try Self.packed(path, value.shape[0], value.shape[1], isAWQ: isAWQ)
                tensors += layer.tensors
                plain[name] = layer.weight
            } else {
                tensors.append(TensorToWrite(name: name, tensor: value.widened()))
            }
        }
        changing(&tensors)
        var configuration = model.configuration.source
        var quantization: JSONObject = [
            "quant_method": isAWQ ? "awq" : "gptq", "bits": 4, "group_size": .integer(Int64(Self.groupSize)),
        ]
        for (key, value) in settings { quantization[key] = value }
        configuration["quantization_config"] = .object(quantization)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("packed-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try CheckpointWriter.write(tensors, into: OutputDirectory(path: folder))
        try Data(JSONValue.object(configuration).serializedBytes(.compact))
            .write(to: URL(fileURLWithPath: folder + "/config.json"))
        try body(
            folder,
            try model.replacingTensors { name, value in
                plain[name].map { .frozen(Weight(name: name, tensor: $0)) } ?? value
            })
    }

    @Test(arguments: ["llama-transformers4", "qwen3-moe", "phi3"], [true, false])
    func packedModelsComputeWhatTheirNumbersDo(family: String, isAWQ: Bool) throws {
        try checkpoint(family, isAWQ: isAWQ) { folder, plain in
            let model = try DecoderModel.load(directory: folder)
            #expect(model.linearModules.count == plain.linearModules.count)
            let tokens: [[Int32]] = [[1, 5, 9, 13, 17, 21, 25, 29, 3, 7, 11, 6]]
            let (found, expected) = (
                try model.tokenLogProbabilities(tokens)[0], try plain.tokenLogProbabilities(tokens)[0]
            )
            #expect(difference(found, expected) < 1e-4)
            #expect(try greedy(model, tokens[0], count: 8) == greedy(plain, tokens[0], count: 8))
        }
    }

    @Test func damagedCheckpointsAreRefused() throws {
        let layer = "model.layers.1.mlp.up_proj"
        func message(
            isAWQ: Bool = false, settings: JSONObject = [:], _ change: @escaping (inout [TensorToWrite]) -> Void
        ) throws -> String {
            var message = ""
            try checkpoint("llama-transformers4", isAWQ: isAWQ, settings: settings, changing: change) { folder, _ in
                let error = #expect(throws: (any Error).self) { try DecoderModel.load(directory: folder) }
                message = error.map { "\($0)" } ?? ""
            }
            return message
        }
        func adding(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: [UInt8]) -> (inout [TensorToWrite]) ->
            Void
        {
            { tensors in
                tensors.removeAll { $0.name == "\(layer).\(name)" }
                tensors.append(TensorToWrite(name: "\(layer).\(name)", type: type, shape: shape, bytes: bytes))
            }
        }
        let far = [UInt8](repeating: 0, count: 252) + [4, 0, 0, 0]
        #expect(try message(adding("g_idx", .signed32, [64], far)).contains("input 63 is said to belong to group 4"))
        #expect(
            try message(adding("g_idx", .signed32, [63], Array(far[4...]))).contains(
                "g_idx' should have the shape [64]"))
        #expect(try message(adding("g_idx", .float32, [64], far)).contains("should be I32, they are F32"))
        let nan = [UInt8](repeating: 0xFF, count: 4 * 96 * 2)
        #expect(try message(adding("scales", .float16, [4, 96], nan)).contains("the scale of group 0 for output 0 is"))
        #expect(try message(isAWQ: true, adding("scales", .float16, [4, 96], nan)).contains(layer))
        #expect(
            try message(adding("qweight", .signed32, [8, 95], [UInt8](repeating: 0, count: 8 * 95 * 4)))
                .contains("should have the shape [8, 96]"))
        #expect(try message { $0.removeAll { $0.name == "\(layer).qzeros" } }.contains("no tensor '\(layer).qzeros'"))
        let bias = "\(layer).bias"
        #expect(try message { $0.removeAll { $0.name == bias } }.contains("no tensor '\(bias)'"))
        #expect(try message(settings: ["group_size": 32]) { _ in }.contains("should have the shape [2, "))
        for (settings, key) in [
            (["bits": 5] as JSONObject, "bits"), (["group_size": 0], "group_size"),
            (["checkpoint_format": "marlin"], "checkpoint_format"),
        ] {
            #expect(try message(settings: settings) { _ in }.contains(key))
        }
        #expect(try message(isAWQ: true, settings: ["version": "gemv"]) { _ in }.contains("version"))
        #expect(try message(isAWQ: true, settings: ["bits": 8]) { _ in }.contains("bits"))
    }
}
