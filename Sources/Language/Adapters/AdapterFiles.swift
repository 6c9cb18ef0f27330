import Glibc
package import LanguageModels
import Tensors
package import WeightFiles

extension LoRAAdapter {
    package static let weightsName = "adapter_model.safetensors"

    /// An adapter read from its directory.
    package struct Loaded {
        package var adapter: LoRAAdapter
        /// Tensors that the file lacks; they have the values of a fresh adapter.
        package var missing: [String]

        /// What people should know who use the adapter.
        package var warnings: [String] {
            guard !missing.isEmpty else { return adapter.configuration.warnings }
            let names = missing.joined(separator: ", ")
            return adapter.configuration.warnings + ["the adapter's file lacks \(names); there the base stays as it is"]
        }
    }

    /// Reads an adapter that PEFT or we have saved.
    ///
    /// - Parameter seed: for matrices that the file lacks
    /// - Throws: `AdapterError`, among others for a matrix that does not fit the base; `NotFiniteTensor`
    package static func load(directory: String, for model: DecoderModel, seed: UInt64 = 0) throws -> Loaded {
        let configuration = try AdapterConfiguration(directory: directory)
        let path = "\(directory)/\(weightsName)"
        guard access(path, F_OK) == 0 else {
            let pickle = "\(directory)/adapter_model.bin"
            guard access(pickle, F_OK) != 0 else { throw AdapterError.pickleOnly(file: pickle) }
            throw AdapterError.missingFile(directory: directory, lookedFor: weightsName)
        }
        let file = try SafetensorsFile(path: path)
        var used: Set<String> = []
        var missing: [String] = []
        let adapter = try make(configuration, for: model, seed: seed) { expected, shape, fresh in
            guard let name = names(of: expected).first(where: { file[$0] != nil }), let record = file[name] else {
                missing.append(expected)
                return try fresh()
            }
            guard record.shape == shape else {
                throw AdapterError.wrongShape(tensor: name, expected: shape, found: record.shape, file: path)
            }
            used.insert(name)
            let weight = try file.weight(named: name)
            try weight.requireFinite(in: path)
            return weight.widened()
        }
        guard !used.isEmpty else { throw AdapterError.missingTensors(names: missing, file: path) }
        // A missing B makes a pair that adds nothing; a fresh A before a trained B would add noise.
        let lost = adapter.modules.filter { missing.contains($0.pair.a.name) && used.contains($0.pair.b.name) }
        guard lost.isEmpty else { throw AdapterError.missingTensors(names: lost.map(\.pair.a.name), file: path) }
        let known = used.union(adapter.savedModules.parameters.flatMap { redundantNames(of: $0.name) })
        if let unknown = file.records.first(where: { !known.contains($0.name) }) {
            throw AdapterError.unknownTensor(name: unknown.name, file: path)
        }
        return Loaded(adapter: adapter, missing: missing)
    }

    /// The names under which versions of PEFT have written a tensor, ours first.
    private static func names(of tensor: String) -> [String] {
        tensor.hasSuffix(TensorName.magnitude) ? [tensor, "\(tensor).weight"] : [tensor]
    }

    /// Copies of a saved module that PEFT writes too after a vocabulary was resized.
    private static func redundantNames(of tensor: String) -> [String] {
        guard let dot = tensor.lastIndex(of: ".") else { return [] }
        return ["modules_to_save", "original_module"].map { "\(tensor[..<dot]).\($0)\(tensor[dot...])" }
    }

    /// Writes `adapter_config.json`, `adapter_model.safetensors` and `README.md` as PEFT expects them.
    package func save(into output: some CheckpointOutput) throws {
        try output.writeFile(Self.weightsName) { append in
            try SafetensorsWriter.write(tensorsToWrite, append: append)
        }
        try output.writeFile(AdapterConfiguration.fileName, bytes: configuration.fileBytes)
        try output.writeFile("README.md", bytes: Array(modelCard.utf8))
    }

    package var tensorsToWrite: [TensorToWrite] {
        parameters.map { TensorToWrite(name: $0.name, tensor: $0.value) }
    }

    private var modelCard: String {
        let base = configuration.baseModel ?? "unknown"
        return """
            ---
            base_model: \(base)
            library_name: peft
            pipeline_tag: text-generation
            tags:
            - base_model:adapter:\(base)
            - llama-factory
            - lora
            - transformers
            ---

            # LoRA adapter

            An adapter for `\(base)` of rank \(configuration.rank), trained with finetuned. Load it with PEFT, or name
            it as `adapter_name_or_path`.

            ### Framework versions

            - PEFT 0.18.1 (file format)

            """
    }
}
