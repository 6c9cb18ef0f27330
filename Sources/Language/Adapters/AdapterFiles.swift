import Glibc
package import LanguageModels
import Tensors
package import WeightFiles

extension Adapter {
    package static let weightsName = "adapter_model.safetensors"

    /// An adapter read from its directory.
    package struct Loaded {
        package var adapter: Adapter
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
        // One matrix of a fresh pair is zero, so that the pair adds nothing; with the other trained it would add noise.
        let lost = adapter.randomParts.filter { missing.contains($0.random) && used.contains($0.other) }.map(\.random)
        guard lost.isEmpty else { throw AdapterError.missingTensors(names: lost, file: path) }
        let known = try used.union(adapter.savedModules.parameters.flatMap { redundantNames(of: $0.name) })
            .union(copyOfEmbedding(in: file, beside: adapter, model))
        if let unknown = file.records.first(where: { !known.contains($0.name) }) {
            throw AdapterError.unknownTensor(name: unknown.name, file: path)
        }
        return Loaded(adapter: adapter, missing: missing)
    }

    /// Of every pair the matrix that is random at first, and the one that is zero.
    private var randomParts: [(random: String, other: String)] {
        modules.compactMap(\.pair).map { ($0.a.name, $0.b.name) }
            + (embedding.map { [($0.b.name, $0.a.name)] } ?? [])
    }

    /// The base's embedding, which PEFT writes beside the matrices for it; it must be that of the base.
    private static func copyOfEmbedding(
        in file: SafetensorsFile, beside adapter: Adapter, _ model: DecoderModel
    ) throws -> Set<String> {
        let name = tensorName(model.embeddingPath, "base_layer.weight")
        guard adapter.embedding != nil, let record = file[name] else { return [] }
        let table = model.embeddingTable
        guard record.shape == table.shape else {
            throw AdapterError.wrongShape(tensor: name, expected: table.shape, found: record.shape, file: file.path)
        }
        let (kept, own) = (try file.tensor(named: name), table.widened())
        // It may have been rounded to bfloat16.
        let isSame = (0..<own.count).allSatisfy { abs(kept[$0] - own[$0]) <= abs(own[$0]) / 128 }
        guard isSame else { throw AdapterError.otherEmbedding(tensor: name, file: file.path) }
        return [name]
    }

    /// The names under which versions of PEFT have written a tensor, ours first.
    private static func names(of tensor: String) -> [String] {
        tensor.hasSuffix(LoRA.TensorName.magnitude) ? [tensor, "\(tensor).weight"] : [tensor]
    }

    /// Copies of a saved module that PEFT writes too after a vocabulary was resized.
    private static func redundantNames(of tensor: String) -> [String] {
        guard let dot = tensor.lastIndex(of: ".") else { return [] }
        return ["modules_to_save", "original_module"].map { "\(tensor[..<dot]).\($0)\(tensor[dot...])" }
    }

    /// Writes `adapter_config.json`, `adapter_model.safetensors` and `README.md` as PEFT expects them.
    package func save(into output: some CheckpointOutput) throws {
        try Self.write(configuration.written, tensorsToWrite, into: output)
    }

    static func write(
        _ configuration: AdapterConfiguration, _ tensors: [TensorToWrite], into output: some CheckpointOutput
    ) throws {
        try output.writeFile(weightsName) { append in try SafetensorsWriter.write(tensors, append: append) }
        try output.writeFile(AdapterConfiguration.fileName, bytes: configuration.fileBytes)
        try output.writeFile("README.md", bytes: Array(configuration.modelCard.utf8))
    }

    package var tensorsToWrite: [TensorToWrite] {
        storedTensors.map { TensorToWrite(name: $0.name, tensor: $0.value()) }
    }
}

extension AdapterConfiguration {
    fileprivate var modelCard: String {
        let (base, method) = (baseModel ?? "unknown", type(of: kind).name)
        return """
            ---
            base_model: \(base)
            library_name: peft
            pipeline_tag: text-generation
            tags:
            - base_model:adapter:\(base)
            - llama-factory
            - \(method.lowercased())
            - transformers
            ---

            # Adapter (\(method))

            An adapter for `\(base)`, trained with finetuned. Load it with PEFT, or name it as `adapter_name_or_path`.

            ### Framework versions

            - PEFT 0.18.1 (file format)

            """
    }
}
