import Adapters
import LanguageModels
import Tensors
import Testing

/// Modules that an adapter brings whole.
@Suite struct SavedModulesTests {
    private func adapter(_ names: [String], tied: Bool) throws -> (base: DecoderModel, adapter: Adapter) {
        var configuration = try AdapterFixtures().model.configuration
        configuration.tiesEmbeddings = tied
        let base = try DecoderModel.initialized(configuration, seed: 4).replacingTensors { name, value in
            .frozen(Weight(name: name, tensor: value.widened()))
        }
        let adapter = try Adapter.fresh(
            AdapterConfiguration(
                baseModel: nil, rank: 2, alpha: 4, targetModules: .names(["q_proj"]), modulesToSave: names),
            for: base, seed: 1)
        return (base, adapter)
    }

    @Test func aNameMeansEveryPathThatEndsWithIt() throws {
        let (_, all) = try adapter(["norm"], tied: false)
        #expect(all.savedModules.parameters.count == 5 && all.model.parameters.count == 5)
        let (_, final) = try adapter(["model.norm"], tied: false)
        #expect(final.savedModules.parameters.map(\.name) == ["base_model.model.model.norm.weight"])
        let error = #expect(throws: AdapterError.self) { try adapter(["output_layer"], tied: false) }
        #expect(error?.description.contains("output_layer") == true && error?.description.contains("lm_head") == true)
    }

    /// Matrices beside either of two tied modules change that one alone, merged too.
    @Test(arguments: ["embed_tokens", "lm_head"]) func tiedModulesPartByMatrices(target: String) throws {
        var configuration = try AdapterFixtures().model.configuration
        configuration.tiesEmbeddings = true
        let base = try DecoderModel.initialized(configuration, seed: 4)
        let adapter = try Adapter.fresh(
            AdapterConfiguration(baseModel: nil, rank: 2, alpha: 4, targetModules: .names([target])), for: base, seed: 1
        )
        for parameter in adapter.parameters {
            parameter.value = Tensor.normal(parameter.shape, standardDeviation: 0.5, seed: 2, name: parameter.name)
        }
        let merged = try adapter.merged(into: base)
        let expected = try base.tokenLogProbabilities([[3, 1, 4, 1, 5]], branches: adapter.branches)[0]
        #expect(difference(try merged.tokenLogProbabilities([[3, 1, 4, 1, 5]])[0], expected) < 1e-5)
        #expect(difference(try base.tokenLogProbabilities([[3, 1, 4, 1, 5]])[0], expected) > 1e-3)
        #expect(!merged.configuration.tiesEmbeddings)
    }

    /// A tied head stays what the embedding was; only what is named is trained, and merging keeps both apart.
    @Test(arguments: [["embed_tokens"], ["lm_head"], ["embed_tokens", "lm_head"]])
    func tiedModulesPart(names: [String]) throws {
        let (base, adapter) = try adapter(names, tied: true)
        #expect(adapter.savedModules.parameters.count == names.count)
        for parameter in adapter.savedModules.parameters { parameter.value.fill(0.25) }
        #expect(!adapter.model.configuration.tiesEmbeddings && base.configuration.tiesEmbeddings)
        for model in [adapter.model, try adapter.merged(into: base)] {
            for module in ["model.embed_tokens", "lm_head"] {
                let value = try #require(model.tensors.first { $0.name == "\(module).weight" }).value.widened()
                let isCopied = names.contains { module.hasSuffix($0) }
                #expect(value.array.allSatisfy { $0 == 0.25 } == isCopied, "\(module)")
            }
        }
        // What is trained whole has no matrices beside it.
        #expect(adapter.modules.count == base.configuration.layerCount)
    }
}
