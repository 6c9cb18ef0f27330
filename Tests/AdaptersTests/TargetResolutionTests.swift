import Adapters
import LanguageModels
import Tensors
import Testing

@Suite struct TargetResolutionTests {
    func paths(_ configuration: AdapterConfiguration) throws -> [String] {
        try Adapter.fresh(configuration, for: AdapterFixtures().model, seed: 1).modules.map(\.path)
    }

    func configuration(_ targets: TargetModules) -> AdapterConfiguration {
        AdapterConfiguration(baseModel: nil, rank: 2, alpha: 4, targetModules: targets)
    }

    @Test func allMeansEveryLinearLayerButTheHead() throws {
        let targets = TargetModules(requested: ["all"], model: try AdapterFixtures().model)
        #expect(
            targets == .names(["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]))
        let found = try paths(configuration(targets))
        #expect(found.count == 14 && found.first == "model.layers.0.self_attn.q_proj")
        #expect(try paths(configuration(.expression("all-linear"))) == found)
    }

    @Test func namesMatchWholeComponents() throws {
        #expect(try paths(configuration(.names(["self_attn.q_proj"]))).count == 2)
        #expect(try paths(configuration(.names(["layers.1.mlp.up_proj"]))) == ["model.layers.1.mlp.up_proj"])
        #expect(try paths(configuration(.names(["all", "q_proj"]))).count == 2)
        #expect(try paths(configuration(.names(["lm_head"]))) == ["lm_head"])
        for name in ["proj", "roj", "_proj"] {
            let error = try #require(throws: AdapterError.self) { try paths(configuration(.names([name]))) }
            #expect(error.description.contains("q_proj, k_proj") && error.description.contains("'\(name)'"))
        }
    }

    @Test func namesThatMatchNothingAreTold() throws {
        let model = try AdapterFixtures().model
        let targets = TargetModules.names(["q_proj", "v_porj", "mlp.up_proj", "proj", "all", "lm_head"])
        #expect(targets.unmatchedNames(in: model) == ["v_porj", "proj", "all"])
        #expect(TargetModules(requested: ["all"], model: model).unmatchedNames(in: model).isEmpty)
        #expect(TargetModules.expression(".*q_proj").unmatchedNames(in: model).isEmpty)
    }

    @Test func expressionsMatchWholePaths() throws {
        #expect(try paths(configuration(.expression(#".*\.0\..*(q|v)_proj"#))).count == 2)
        #expect(throws: AdapterError.self) { try paths(configuration(.expression("q_proj"))) }
        #expect(throws: AdapterError.self) { try paths(configuration(.expression("(["))) }
    }

    @Test func modulesThatAreNotLinearAreRefused() throws {
        for name in ["norm", "input_layernorm", "model.norm"] {
            let error = try #require(throws: AdapterError.self) {
                try paths(configuration(.names(["q_proj", name])))
            }
            #expect(error.description.contains(name))
        }
    }

    @Test func restrictions() throws {
        var restricted = configuration(.names(["q_proj", "v_proj"]))
        restricted.layers = [1]
        restricted.excludedModules = .names(["v_proj"])
        #expect(try paths(restricted) == ["model.layers.1.self_attn.q_proj"])
        // Whole paths and expressions are not restricted by numbers, lists of another name have none.
        restricted.targetModules = .names(["q_proj", "model.layers.0.mlp.up_proj"])
        #expect(try paths(restricted) == ["model.layers.0.mlp.up_proj", "model.layers.1.self_attn.q_proj"])
        restricted.layersPattern = ["blocks"]
        #expect(try paths(restricted) == ["model.layers.0.mlp.up_proj"])
        restricted.targetModules = .expression(".*q_proj")
        #expect(try paths(restricted).count == 2)
    }

    @Test func theEmbeddingIsATargetByName() throws {
        let model = try AdapterFixtures().model
        let adapter = try Adapter.fresh(configuration(.names(["embed_tokens"])), for: model, seed: 3)
        let embedding = try #require(adapter.embedding)
        #expect(adapter.modules.isEmpty && adapter.parameters.count == 2)
        #expect(embedding.a.shape == [2, 31] && embedding.b.shape == [16, 2])
        #expect(embedding.a.value.array.allSatisfy { $0 == 0 } && embedding.b.value.array.allSatisfy { $0 != 0 })
        #expect(embedding.a.name == "base_model.model.model.embed_tokens.lora_embedding_A")
        #expect(TargetModules.names(["embed_tokens"]).unmatchedNames(in: model).isEmpty)
        for kind: any AdapterKind in [
            LoRA(rank: 2, alpha: 2, usesDoRA: true), LoRA(rank: 2, alpha: 2, start: .pissa(rounds: -1)),
            OFT(rank: 0, blockSize: 4),
        ] {
            let error = try #require(throws: AdapterError.self) {
                try Adapter.fresh(
                    AdapterConfiguration(
                        baseModel: nil, targetModules: .names(["q_proj", "embed_tokens"]), kind: kind), for: model,
                    seed: 3)
            }
            #expect(error.description.contains("embed_tokens"))
        }
    }
}
