package import Tensors
import WeightFiles

/// Checkpoints of AutoGPTQ and GPTQModel (Frantar et al., 2022).
package struct GPTQCheckpoint: CheckpointQuantization {
    package static let method = "gptq"

    private let bits: Int
    private let groupSize: Int
    private let zeroPoints: GPTQStorage.ZeroPoints

    package init(_ reader: ConfigurationReader) throws {
        bits = try reader.size("bits")
        groupSize = try reader.groupSize()
        guard GPTQStorage.bits.contains(bits) else {
            throw ModelConfigurationError.unsupported(
                key: "bits", value: "\(bits)", supported: GPTQStorage.bits.map(String.init), file: reader.file)
        }
        // The newer of the two libraries writes both keys, the older one neither.
        let format = try reader.text("checkpoint_format") ?? reader.text("format")
        guard let zeroPoints = GPTQStorage.ZeroPoints(rawValue: format ?? "gptq") else {
            throw ModelConfigurationError.unsupported(
                key: "checkpoint_format", value: format ?? "",
                supported: GPTQStorage.ZeroPoints.allCases.map(\.rawValue), file: reader.file)
        }
        self.zeroPoints = zeroPoints
    }

    package func storage(of layer: QuantizedLayer) throws -> any WeightStorage {
        let groups = layer.groupCount(groupSize)
        let (down, across) = (
            GPTQStorage.words(of: layer.inputs, bits: bits), GPTQStorage.words(of: layer.outputs, bits: bits)
        )
        return try GPTQStorage.storage(
            GroupedCodeTensors(
                name: layer.path, outputs: layer.outputs, inputs: layer.inputs, bits: bits, groupCount: groups,
                codes: layer.tensor("qweight", .signed32, [down, layer.outputs]),
                zeros: layer.tensor("qzeros", .signed32, [groups, across]),
                scales: layer.tensor("scales", .float16, [groups, layer.outputs])),
            groupSize: groupSize, groups: layer.optionalTensor("g_idx", .signed32, [layer.inputs]),
            zeroPoints: zeroPoints)
    }
}
