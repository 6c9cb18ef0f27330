package import WeightFiles

/// Makes a GGUF file of a checkpoint's tensors, for llama.cpp.
package struct GGUFModelWriting {
    package let configuration: ModelConfiguration
    package let type: GGUFTensorType
    private let architecture: GGUFArchitecture
    /// What people should know: what llama.cpp does otherwise.
    package private(set) var notes: [String] = []
    private let metadata: [(key: String, value: GGUFValue)]

    /// - Parameter type: of the matrices; vectors and routers stay float32
    /// - Throws: `ModelConfigurationError` for a model that llama.cpp could not run as it is
    package init(_ configuration: ModelConfiguration, type: GGUFTensorType) throws {
        self.configuration = configuration
        self.type = type
        architecture = try GGUFArchitecture.of(modelType: configuration.family.modelType)
        var notes: [String] = []
        metadata = try configuration.ggufMetadata(architecture) { notes.append($0) }
        self.notes = notes
    }

    /// The numbers by which files name the type of most of their tensors.
    private var fileType: UInt32 {
        switch type {
        case .float32: 0
        case .float16: 1
        case .q4_0: 2
        case .q8_0: 7
        case .bfloat16: 32
        }
    }

    /// - Parameters:
    ///   - name: what people call the model
    ///   - tensors: of the checkpoint, in the order of the model
    ///   - vocabulary: what the file says of the tokenizer
    package func write(
        name: String, tensors: [TensorToWrite], vocabulary: [(key: String, value: GGUFValue)],
        append: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let general: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .text(architecture.name)), ("general.type", .text("model")),
            ("general.name", .text(name)), ("general.file_type", .unsigned(fileType)),
            ("general.quantization_version", .unsigned(2)),
        ]
        try GGUFWriter.write(
            metadata: general + metadata + vocabulary, tensors: self.tensors(tensors), append: append)
    }

    private func tensors(_ given: [TensorToWrite]) throws -> [GGUFTensorToWrite] {
        var order: [GGUFArchitecture.Place] = []
        var parts: [GGUFArchitecture.Place: [TensorToWrite]] = [:]
        for tensor in given {
            guard var place = architecture.place(of: tensor.name),
                place.kind == "weight" || architecture.biased.contains(place.part)
            else {
                throw ModelConfigurationError.unsupported(
                    key: tensor.name, value: "a tensor", supported: ["tensors that llama.cpp knows in this family"],
                    file: "the checkpoint")
            }
            // Experts come in their order, one layer after the other.
            place.expert = nil
            if parts[place] == nil { order.append(place) }
            parts[place, default: []].append(tensor)
        }
        var result = try order.map { try tensor($0, parts[$0] ?? []) }
        if architecture.needsHead, configuration.tiesEmbeddings,
            let embedding = order.first(where: { $0.module == "token_embd" })
        {
            var head = embedding
            head.module = "output"
            result.append(try tensor(head, parts[embedding] ?? []))
        }
        if case .llama3 = configuration.rotary.scaling {
            result.append(GGUFTensorToWrite(name: "rope_freqs.weight", numbers: configuration.rotary.stretching))
        }
        return result
    }

    private func tensor(_ place: GGUFArchitecture.Place, _ parts: [TensorToWrite]) throws -> GGUFTensorToWrite {
        let one = parts.first?.shape ?? []
        let shape = place.part.hasSuffix("_exps") ? [parts.count] + one : one
        let isNorm = place.kind == "weight" && place.part.hasSuffix("norm")
        return GGUFTensorToWrite(
            name: place.name, type: type(of: place, shape: shape), parts: parts, shape: shape,
            rowOrder: architecture.rowOrder(place, configuration), adding: isNorm ? architecture.normOffset : 0)
    }

    /// As llama.cpp's converter chooses: vectors and routers are exact, rows that blocks do not fit are halves, and
    /// four bits are too few for the embedding and the output head.
    private func type(of place: GGUFArchitecture.Place, shape: [Int]) -> GGUFTensorType {
        if shape.count == 1 || place.part.hasPrefix("ffn_gate_inp") { return .float32 }
        guard (shape.last ?? 1).isMultiple(of: type.blockCount) else { return .float16 }
        let isVocabulary = place.module == "token_embd" || place.module == "output"
        return type == .q4_0 && isVocabulary ? .q8_0 : type
    }
}
