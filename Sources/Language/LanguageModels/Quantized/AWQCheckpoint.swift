package import Tensors
import WeightFiles

/// Checkpoints of AutoAWQ in its `gemm` layout (Lin et al., 2023).
package struct AWQCheckpoint: CheckpointQuantization {
    package static let method = "awq"

    private let groupSize: Int

    package init(_ reader: ConfigurationReader) throws {
        groupSize = try reader.groupSize()
        let bits = try reader.size("bits")
        guard bits == AWQStorage.bits else {
            throw ModelConfigurationError.unsupported(
                key: "bits", value: "\(bits)", supported: ["\(AWQStorage.bits)"], file: reader.file)
        }
        let version = try reader.text("version") ?? "gemm"
        guard version.lowercased() == "gemm" else {
            throw ModelConfigurationError.unsupported(
                key: "version", value: version, supported: ["gemm"], file: reader.file)
        }
    }

    package func storage(of layer: QuantizedLayer) throws -> any WeightStorage {
        let (groups, words) = (layer.groupCount(groupSize), layer.outputs / AWQStorage.outputsOfWord)
        return try AWQStorage.storage(
            GroupedCodeTensors(
                name: layer.path, outputs: layer.outputs, inputs: layer.inputs, bits: AWQStorage.bits,
                groupCount: groups, codes: layer.tensor("qweight", .signed32, [layer.inputs, words]),
                zeros: layer.tensor("qzeros", .signed32, [groups, words]),
                scales: layer.tensor("scales", .float16, [groups, layer.outputs])),
            groupSize: groupSize)
    }
}
