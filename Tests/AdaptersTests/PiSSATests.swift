import Adapters
import JSONDocuments
import LinuxSystem
import LanguageModels
import Tensors
import Testing
import WeightFiles

/// Adapters that start from what the base's weights do most.
@Suite struct PiSSATests {
    private func configuration(_ lora: LoRA) -> AdapterConfiguration {
        AdapterConfiguration(
            baseModel: "base", targetModules: .names(["q_proj", "down_proj"]), modulesToSave: ["model.norm"], kind: lora
        )
    }

    private func trained(_ lora: LoRA, _ model: DecoderModel) throws -> Adapter {
        let adapter = try Adapter.fresh(configuration(lora), for: model, seed: 7)
        for parameter in adapter.parameters {
            for index in 0..<parameter.count { parameter.value[index] *= 1.1 + 0.1 * Float(index % 3) }
        }
        return adapter
    }

    /// Nothing changes at first, and what is saved computes the same with the base as it is.
    @Test(arguments: [
        LoRA(rank: 3, alpha: 5, start: .pissa(rounds: -1)),
        LoRA(rank: 3, alpha: 5, usesRankStabilization: true, start: .pissa(rounds: 16)),
    ])
    func filesAreOrdinaryAdapters(lora: LoRA) throws {
        let fixtures = try AdapterFixtures()
        let fresh = try Adapter.fresh(configuration(lora), for: fixtures.model, seed: 7)
        #expect(fresh.hasStart)
        #expect(difference(try fixtures.computed(fixtures.model, fresh.branches), fixtures.logits("none")) < 1e-4)
        let adapter = try trained(lora, fixtures.model)
        let expected = try fixtures.computed(adapter.model, adapter.branches)
        #expect(difference(expected, fixtures.logits("none")) > 1e-2)
        #expect(difference(try fixtures.computed(adapter.merged(into: fixtures.model)), expected) < 1e-4)
        try inTemporaryDirectory { directory in
            try adapter.save(into: OutputDirectory(path: directory))
            let loaded = try Adapter.load(directory: directory, for: fixtures.model).adapter
            #expect(loaded.configuration.rank == 6 && !loaded.hasStart)
            #expect(loaded.configuration.lora?.alpha == (lora.usesRankStabilization ? 5 * 2.0.squareRoot() : 10))
            #expect(difference(try fixtures.computed(loaded.model, loaded.branches), expected) < 1e-4)
            // The same run finds its pairs again, whatever its own start was.
            let again = try Adapter.fresh(configuration(lora), for: fixtures.model, seed: 8)
            let file = try SafetensorsFile(path: "\(directory)/\(Adapter.weightsName)")
            for tensor in again.storedTensors { tensor.restore(try file.tensor(named: tensor.name)) }
            for (left, right) in zip(again.parameters, adapter.parameters) {
                #expect(left.value.array == right.value.array, "\(left.name)")
            }
            #expect(try fixtures.computed(again.model, again.branches) == expected)
        }
    }

    /// Start and end apart are of the rank asked for, and their difference is the ordinary adapter.
    @Test func foldersOfThePairs() throws {
        let model = try AdapterFixtures().model
        let adapter = try trained(LoRA(rank: 2, alpha: 4, start: .pissa(rounds: -1)), model)
        try inTemporaryDirectory { directory in
            func file(_ folder: PiSSAFolder) throws -> SafetensorsFile {
                try adapter.save(folder, into: OutputDirectory(path: directory))
                let json = try JSONValue(parsing: MappedFile.contents(of: "\(directory)/adapter_config.json"))
                #expect(json["r"]?.integer == (folder == .converted ? 4 : 2) && json["init_lora_weights"] == true)
                return try SafetensorsFile(path: "\(directory)/\(Adapter.weightsName)")
            }
            let name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
            let start = try file(.start).tensor(named: name).array
            let trained = try file(.trained).tensor(named: name).array
            #expect(try file(.converted).tensor(named: name).array == trained + start)
            #expect(trained != start)
        }
    }

    /// PEFT's own file names the start; what goes on from it is saved as an ordinary adapter.
    @Test func adaptersOfPEFTAreSavedAsOrdinaryOnes() throws {
        let fixtures = try AdapterFixtures()
        let adapter = try fixtures.adapter("pissa")
        #expect(adapter.hasStart && adapter.configuration.warnings.contains { $0.contains("PiSSA") })
        try inTemporaryDirectory { directory in
            try adapter.save(into: OutputDirectory(path: directory))
            let loaded = try Adapter.load(directory: directory, for: fixtures.model).adapter
            #expect(loaded.configuration.rank == 6 && !loaded.hasStart && loaded.configuration.warnings.isEmpty)
            #expect(difference(try fixtures.computed(loaded.model, loaded.branches), fixtures.logits("pissa")) < 1e-4)
        }
    }

    @Test func startsByTheirNames() throws {
        func start(_ name: String) throws -> LoRAStart? {
            try AdapterConfiguration(
                ["init_lora_weights": .string(name), "target_modules": ["q_proj"]]).lora?.start
        }
        #expect(try start("pissa") == .pissa(rounds: -1) && start("pissa_niter_4") == .pissa(rounds: 4))
        #expect(try start("gaussian") == .unchanged)
        for name in ["pissa_niter_", "pissa_niter_-1", "pissa_niter_x", "olora"] {
            #expect(throws: AdapterError.self) { try start(name) }
        }
        #expect(throws: AdapterError.self) {
            try AdapterConfiguration([
                "init_lora_weights": "pissa", "use_dora": true, "target_modules": ["q_proj"],
            ])
        }
    }

    @Test func moreDirectionsThanThereAre() throws {
        let model = try AdapterFixtures().model
        for rounds in [-1, 2] {
            let error = try #require(throws: TensorError.self) {
                try Adapter.fresh(
                    configuration(LoRA(rank: 17, alpha: 4, start: .pissa(rounds: rounds))), for: model, seed: 7)
            }
            #expect("\(error)".contains("q_proj") && "\(error)".contains("at most 16"))
        }
    }
}
