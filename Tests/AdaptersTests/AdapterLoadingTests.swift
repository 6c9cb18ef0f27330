import Adapters
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

@Suite struct AdapterLoadingTests {
    static let names = [
        "plain", "patterns", "expression", "dora", "saved", "embedding", "layers", "excluded", "oft", "oft-blocks",
    ]

    /// One base in memory, the adapter chosen for each call.
    @Test func adaptersOfPEFTChosenPerCall() throws {
        let fixtures = try AdapterFixtures()
        let adapters = try (Self.names + ["pissa"]).map { ($0, try fixtures.adapter($0)) }
        for (name, adapter) in adapters + adapters {
            let found = try fixtures.computed(adapter.model, adapter.branches)
            #expect(difference(found, fixtures.logits(name)) < 1e-4, "\(name)")
        }
        #expect(difference(try fixtures.computed(fixtures.model), fixtures.logits("none")) < 1e-4)
        #expect(difference(fixtures.logits("none"), fixtures.logits("plain")) > 1e-2)
    }

    @Test(arguments: names + ["pissa"]) func merging(name: String) throws {
        let fixtures = try AdapterFixtures()
        let merged = try fixtures.adapter(name).merged(into: fixtures.model)
        #expect(difference(try fixtures.computed(merged), fixtures.logits(name)) < 1e-4)
        #expect(difference(try fixtures.computed(fixtures.model), fixtures.logits("none")) < 1e-4)
    }

    @Test func ranksAndAlphasOfPatterns() throws {
        let fixtures = try AdapterFixtures()
        let modules = try fixtures.adapter("patterns").modules
        func module(_ end: String) throws -> Adapter.Module {
            try #require(modules.first { $0.path.hasSuffix(end) })
        }
        #expect(modules.count == 6)
        #expect(try module("layers.0.mlp.down_proj").pair?.rank == 1)
        #expect(try module("layers.1.self_attn.q_proj").pair?.rank == 2)
        #expect(try module("layers.0.self_attn.q_proj").pair?.rank == 3)
        #expect(abs(try #require(module("layers.0.self_attn.k_proj").pair).scaling - 24 / Float(3).squareRoot()) < 1e-5)
        #expect(abs(try #require(module("layers.0.mlp.down_proj").pair).scaling - 6) < 1e-5)
    }

    @Test(arguments: names) func savedFilesEqualThoseOfPEFT(name: String) throws {
        let fixtures = try AdapterFixtures()
        let adapter = try fixtures.adapter(name)
        try inTemporaryDirectory { directory in
            try adapter.save(into: OutputDirectory(path: directory))
            let (theirs, ours) = ("\(fixtures.path)/\(name)", directory)
            let config = try MappedFile.contents(of: "\(ours)/adapter_config.json")
            #expect(
                String(decoding: config, as: UTF8.self)
                    == String(decoding: try MappedFile.contents(of: "\(theirs)/adapter_config.json"), as: UTF8.self))
            #expect(
                try MappedFile.contents(of: "\(ours)/adapter_model.safetensors")
                    == MappedFile.contents(of: "\(theirs)/adapter_model.safetensors"))
            #expect(
                try MappedFile.contents(of: "\(ours)/README.md").starts(with: Array("---\nbase_model: base\n".utf8)))
        }
    }

    /// PEFT writes the base's embedding beside matrices for it; another one belongs to another base.
    @Test func theBasesEmbeddingInTheFile() throws {
        let fixtures = try AdapterFixtures()
        let adapter = try fixtures.adapter("embedding")
        try inTemporaryDirectory { directory in
            try adapter.save(into: OutputDirectory(path: directory))
            func load(_ table: Tensor) throws -> Adapter {
                let name = "base_model.model.model.embed_tokens.base_layer.weight"
                try OutputDirectory(path: directory).writeFile(
                    "adapter_model.safetensors",
                    bytes: SafetensorsWriter.bytes(
                        adapter.tensorsToWrite + [TensorToWrite(name: name, tensor: table, storedAs: .bfloat16)]))
                return try Adapter.load(directory: directory, for: fixtures.model).adapter
            }
            let own = fixtures.model.embeddingTable.widened()
            let loaded = try load(own)
            #expect(
                difference(try fixtures.computed(loaded.model, loaded.branches), fixtures.logits("embedding")) < 1e-4)
            let other = Tensor(uninitialized: own.shape)
            other.fill(0.5)
            let error = try #require(throws: AdapterError.self) { try load(other) }
            #expect(error.description.contains("another") && error.description.contains("base_layer"))
            let smaller = try Tensor(Array(own.array.dropLast(own.columns)), shape: [own.rows - 1, own.columns])
            #expect(throws: AdapterError.self) { try load(smaller) }
        }
    }

    @Test func wrongBaseIsRefused() throws {
        let fixtures = try AdapterFixtures()
        var configuration = fixtures.model.configuration
        configuration.intermediateSize = 20
        let other = try DecoderModel.initialized(configuration, seed: 1)
        let error = try #require(throws: AdapterError.self) {
            try Adapter.load(directory: "\(fixtures.path)/patterns", for: other)
        }
        #expect(error.description.contains("down_proj") && error.description.contains("[1, 20]"))
    }

    @Test func numbersThatAreNoneAreNamed() throws {
        let fixtures = try AdapterFixtures()
        let adapter = try fixtures.adapter("plain")
        try inTemporaryDirectory { directory in
            try adapter.save(into: OutputDirectory(path: directory))
            var tensors = adapter.tensorsToWrite
            var numbers = adapter.parameters[1].value.array
            numbers[2] = .infinity
            let (name, shape) = (adapter.parameters[1].name, adapter.parameters[1].shape)
            tensors[1] = TensorToWrite(name: name, tensor: try Tensor(numbers, shape: shape))
            try OutputDirectory(path: directory).writeFile(
                "adapter_model.safetensors", bytes: SafetensorsWriter.bytes(tensors))
            let error = try #require(throws: NotFiniteTensor.self) {
                try Adapter.load(directory: directory, for: fixtures.model)
            }
            #expect(error.name == name && error.position == 2 && error.value == .infinity)
            #expect(error.description.contains("adapter_model.safetensors: the tensor '\(name)' holds inf"))
        }
    }

    @Test func incompleteFiles() throws {
        let fixtures = try AdapterFixtures()
        let adapter = try fixtures.adapter("plain")
        try inTemporaryDirectory { directory in
            let output = try OutputDirectory(path: directory)
            let none = try #require(throws: AdapterError.self) {
                try Adapter.load(directory: directory, for: fixtures.model)
            }
            #expect(none.description.contains("adapter_config.json"))
            try output.writeFile("adapter_config.json", bytes: adapter.configuration.fileBytes)
            let noWeights = try #require(throws: AdapterError.self) {
                try Adapter.load(directory: directory, for: fixtures.model)
            }
            #expect(noWeights.description.contains("adapter_model.safetensors"))

            var tensors = adapter.tensorsToWrite
            let removed = tensors.remove(at: 1)
            func write(_ tensors: [TensorToWrite]) throws {
                try output.writeFile("adapter_model.safetensors", bytes: SafetensorsWriter.bytes(tensors))
            }
            try write(tensors)
            let loaded = try Adapter.load(directory: directory, for: fixtures.model)
            #expect(loaded.missing == [removed.name])
            #expect(loaded.adapter.parameters[1].value.array.allSatisfy { $0 == 0 })
            tensors = adapter.tensorsToWrite
            let half = tensors.remove(at: 0)
            try write(tensors)
            let broken = try #require(throws: AdapterError.self) {
                try Adapter.load(directory: directory, for: fixtures.model)
            }
            #expect(broken.description.contains("lacks 1 tensors") && broken.description.contains(half.name))

            let stranger = TensorToWrite(name: "base_model.model.model.norm.weight", tensor: Tensor([1]))
            try write(adapter.tensorsToWrite + [stranger])
            let unknown = try #require(throws: AdapterError.self) {
                try Adapter.load(directory: directory, for: fixtures.model)
            }
            #expect(unknown.description.contains("model.norm.weight"))
        }
    }
}
