package import JSONDocuments
package import Tensors
package import WeightFiles

extension GPTQCodes {
    /// The tensors of a layer as AutoGPTQ, GPTQModel and transformers read them.
    package func tensorsToWrite(path: String) -> [TensorToWrite] {
        func words(_ name: String, _ shape: [Int], _ words: [UInt32]) -> TensorToWrite {
            TensorToWrite(
                name: "\(path).\(name)", type: .signed32, shape: shape, bytes: words.withUnsafeBytes { Array($0) })
        }
        let scaleBytes = Weight.narrowedBytes(Tensor(scales), to: .float16)
        return [
            words("qweight", [codeWords.count / outputs, outputs], codeWords),
            words("qzeros", [groupCount, zeroWords.count / groupCount], zeroWords),
            TensorToWrite(name: "\(path).scales", type: .float16, shape: [groupCount, outputs], bytes: scaleBytes),
            words("g_idx", [inputs], groups.map { UInt32(bitPattern: $0) }),
        ]
    }
}

extension GPTQSettings {
    /// Names, types and shapes of a packed layer's tensors.
    package func tensors(
        outputs: Int, inputs: Int
    ) -> [(name: String, type: ElementType, shape: [Int])] {
        let groups = groupCount(inputs)
        return [
            ("qweight", .signed32, [GPTQStorage.words(of: inputs, bits: bits), outputs]),
            ("qzeros", .signed32, [groups, GPTQStorage.words(of: outputs, bits: bits)]),
            ("scales", .float16, [groups, outputs]), ("g_idx", .signed32, [inputs]),
        ]
    }

    private func groupCount(_ inputs: Int) -> Int { (inputs + groupSize - 1) / groupSize }

    /// The weight of a packed layer that a file holds.
    package func weight(of module: LinearModule, in file: SafetensorsFile) throws -> Weight {
        func bytes(_ name: String) throws -> OwnedBytes { try file.ownedBytes(of: "\(module.path).\(name)") }
        return Weight(
            name: module.path,
            storage: try GPTQStorage.storage(
                GroupedCodeTensors(
                    name: module.path, outputs: module.outputs, inputs: module.inputs, bits: bits,
                    groupCount: groupCount(module.inputs), codes: bytes("qweight"), zeros: bytes("qzeros"),
                    scales: bytes("scales")), groupSize: groupSize, groups: bytes("g_idx"), zeroPoints: .lessOne))
    }

    /// `quantization_config` of a checkpoint with these settings.
    ///
    /// - Parameter layers: names of the layers that are quantized within a block
    package func configuration(layers: [String], dataset: String, sampleLength: Int) -> JSONValue {
        [
            "quant_method": "gptq", "bits": .integer(Int64(bits)), "group_size": .integer(Int64(groupSize)),
            "damp_percent": .number(damping), "desc_act": .bool(order == .descending), "sym": .bool(isSymmetric),
            "true_sequential": true, "act_group_aware": .bool(order == .withinGroups), "checkpoint_format": "gptq",
            "format": "gptq", "dataset": [.string(dataset)], "model_seqlen": .integer(Int64(sampleLength)),
            "block_name_to_quantize": "model.layers",
            "modules_in_block_to_quantize": .array(layers.map { [.string($0)] }),
            "meta": ["quantizer": ["finetuned:1"]],
        ]
    }
}
