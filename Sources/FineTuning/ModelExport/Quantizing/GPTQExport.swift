import JSONDocuments
import LanguageModels
import RunConfiguration
import Tensors
import WeightFiles

/// Makes a source of quantized tensors of one of merged ones (`export_quantization_bit`).
///
/// The layers of a block are kept beside the files until these are complete, so that an export that was killed goes on
/// behind the last block.
final class GPTQExport {
    private let settings: GPTQSettings
    private let quantizer: GPTQQuantizer
    private let sampleLength: Int

    /// - Parameters:
    ///   - model: the merged model
    ///   - samples: texts to calibrate on
    init(bits: Int, model: DecoderModel, samples: [[Int32]]) {
        settings = GPTQSettings(bits: bits)
        quantizer = GPTQQuantizer(model, settings: settings, samples: samples)
        sampleLength = samples.first?.count ?? 0
    }

    var blockCount: Int { quantizer.blockCount }

    /// What is written: packed layers in the place of their weights, everything else as it is.
    ///
    /// - Parameter folder: holds what `run` has made by the time when tensors are written
    func source(of merged: ExportSource, dataset: String, in folder: @escaping () -> ExportFolder?) -> ExportSource {
        var result = merged
        var layers: [String: (module: LinearModule, block: Int)] = [:]
        for block in 0..<quantizer.blockCount {
            for module in quantizer.layers(ofBlock: block) { layers["\(module.path).weight"] = (module, block) }
        }
        result.tensors = merged.tensors.flatMap { tensor -> [TensorToWrite] in
            guard let (module, block) = layers[tensor.name] else { return [tensor] }
            return settings.tensors(outputs: module.outputs, inputs: module.inputs).map { name, type, shape in
                TensorToWrite(name: "\(module.path).\(name)", type: type, shape: shape) { append in
                    guard let file = try folder().flatMap({ try Self.file(block, in: $0) }) else { return }
                    try file.withBytes(of: "\(module.path).\(name)") { try append($0) }
                }
            }
        }
        let names = Set(
            layers.values.map { module, block in
                String(module.path.dropFirst("model.layers.\(block).".utf8.count))
            })
        result.configurationKeys["quantization_config"] = settings.configuration(
            layers: names.sorted(), dataset: dataset, sampleLength: sampleLength)
        return result
    }

    /// Quantizes what an earlier attempt has not.
    ///
    /// - Parameter done: told how many blocks there are; false stops
    /// - Returns: false when it was stopped
    func run(in folder: ExportFolder, done: (_ blocks: Int, _ of: Int) -> Bool) throws -> Bool {
        struct Stopped: Error {}
        let count = blockCount
        if try (0..<count).allSatisfy({ try Self.file($0, in: folder) != nil }) { return true }
        do {
            try quantizer.run { block in
                guard let file = try Self.file(block, in: folder) else { return nil }
                var layers: [String: Weight] = [:]
                for module in quantizer.layers(ofBlock: block) {
                    layers[module.path] = try self.settings.weight(of: module, in: file)
                }
                return layers
            } keep: { block, layers in
                let tensors = layers.sorted { $0.key < $1.key }.flatMap { $0.value.tensorsToWrite(path: $0.key) }
                try folder.keep(SafetensorsWriter.bytes(tensors), as: Self.name(block))
                guard done(block + 1, count) else { throw Stopped() }
            }
        } catch is Stopped {
            return false
        }
        return true
    }

    private static func name(_ block: Int) -> String { "block-\(block).gptq" }

    private static func file(_ block: Int, in folder: ExportFolder) throws -> SafetensorsFile? {
        try folder.kept(name(block)).map { try SafetensorsFile(path: $0) }
    }
}
