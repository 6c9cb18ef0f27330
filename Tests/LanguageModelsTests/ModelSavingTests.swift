import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

@Suite struct ModelSavingTests {
    func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test(arguments: [CheckpointWriter.defaultShardLimit, 20_000])
    func savedModelIsTheSame(limit: Int) throws {
        let fixture = try Fixture("qwen2-sharded")
        let model = try fixture.model().makingTrainable { _ in true }
        try inTemporaryDirectory { directory in
            let defaults = try GenerationDefaults(directory: fixture.directory, configuration: model.configuration)
            try model.save(
                into: OutputDirectory(path: directory), generation: defaults, storedAs: .float32, shardLimit: limit)
            let again = try DecoderModel.load(directory: directory)
            #expect(again.tensors.map(\.name) == model.tensors.map(\.name))
            for (left, right) in zip(again.tensors, model.tensors) {
                #expect(left.value.widened().array == right.value.widened().array)
            }
            let names = try OutputDirectory(path: directory).fileNames()
            #expect(names.contains("generation_config.json"))
            #expect(names.contains("model.safetensors.index.json") == (limit == 20_000))
        }
    }

    @Test func misfitsAreNamed() throws {
        let fixture = try Fixture("llama-gradients")
        let configuration = try ModelConfiguration(directory: fixture.directory)
        let model = try fixture.model()
        try inTemporaryDirectory { directory in
            let output = try OutputDirectory(path: directory)
            var tensors = model.tensorsToWrite()
            let removed = tensors.remove(at: 3)
            try CheckpointWriter.write(tensors, into: output)
            let missing = try #require(throws: WeightFileError.self) {
                try DecoderModel.load(configuration, weights: CheckpointWeights(directory: directory))
            }
            #expect(missing.description.contains("'\(removed.name)'"))

            let extra = TensorToWrite(name: "model.layers.0.self_attn.q_proj.bias", tensor: Tensor(zeros: [16]))
            try CheckpointWriter.write(model.tensorsToWrite() + [extra], into: output)
            let unexpected = try #require(throws: ModelLoadingError.self) {
                try DecoderModel.load(configuration, weights: CheckpointWeights(directory: directory))
            }
            #expect(unexpected.description.contains("'\(extra.name)'"))

            let tolerated = TensorToWrite(
                name: "model.layers.0.self_attn.rotary_emb.inv_freq", tensor: Tensor(zeros: [2]))
            try CheckpointWriter.write(model.tensorsToWrite() + [tolerated], into: output)
            _ = try DecoderModel.load(configuration, weights: CheckpointWeights(directory: directory))

            var wide = configuration
            wide.vocabularySize = 40
            let wrong = try #require(throws: WeightFileError.self) {
                try DecoderModel.load(wide, weights: CheckpointWeights(directory: directory))
            }
            #expect(wrong.description.contains("[40, 16]") && wrong.description.contains("[31, 16]"))
        }
    }

    /// What transformers 5 makes of the same files.
    @Test func headsThatSayOtherThanTheConfiguration() throws {
        let fixture = try Fixture("llama-gradients")
        var configuration = try ModelConfiguration(directory: fixture.directory)
        let model = try fixture.model()
        let tensors = model.tensorsToWrite().filter { $0.name != "lm_head.weight" }
        let embedding = try #require(model.tensors.first?.value.widened())
        let (name, ids) = ("lm_head.weight", [Int32](1...5))
        func loaded(_ tensors: [TensorToWrite], ties: Bool) throws -> DecoderModel {
            configuration.tiesEmbeddings = ties
            var found: DecoderModel?
            try inTemporaryDirectory { directory in
                try CheckpointWriter.write(tensors, into: OutputDirectory(path: directory))
                found = try DecoderModel.load(configuration, weights: CheckpointWeights(directory: directory))
            }
            return try #require(found)
        }
        func numbers(_ model: DecoderModel) throws -> [Float] { try model.tokenLogProbabilities([ids])[0] }
        let tied = try loaded(tensors, ties: true)

        let equal = try loaded(tensors + [TensorToWrite(name: name, tensor: embedding)], ties: true)
        #expect(try equal.configuration.tiesEmbeddings && numbers(equal) == numbers(tied))
        #expect(equal.configuration.warnings.isEmpty)

        let doubled = try Tensor(embedding.array.map { $0 * 2 }, shape: embedding.shape)
        let both = tensors + [TensorToWrite(name: name, tensor: doubled)]
        let (untied, plain) = (try loaded(both, ties: true), try loaded(both, ties: false))
        #expect(try numbers(untied) == numbers(plain) && numbers(untied) != numbers(tied))
        #expect(!untied.configuration.tiesEmbeddings && plain.configuration.warnings.isEmpty)
        #expect(untied.configuration.warnings.first?.contains("lm_head.weight differs") == true)
        #expect(untied.configuration.saved(weightFormat: .float32)["tie_word_embeddings"] == false)

        let onlyHead = tensors.dropFirst() + [TensorToWrite(name: name, tensor: embedding)]
        #expect(try numbers(loaded(Array(onlyHead), ties: true)) == numbers(tied))
        let error = try #require(throws: ModelLoadingError.self) { try loaded(tensors, ties: false) }
        #expect(error.description.contains("'lm_head.weight'"))
        #expect(error.description.contains("set 'tie_word_embeddings' to true"))
    }

    @Test func initialWeightsFollowTheConfiguration() throws {
        var configuration = try ModelConfiguration(directory: Fixture("qwen2-sharded").directory)
        configuration.paddingToken = 5
        configuration.initializerRange = 0.3
        let model = try DecoderModel.initialized(configuration, seed: 3)
        #expect(model.parameters.count == model.tensors.count)
        let values = Dictionary(uniqueKeysWithValues: model.tensors.map { ($0.name, $0.value.widened()) })
        let embedding = try #require(values["model.embed_tokens.weight"])
        #expect(embedding.row(5).allSatisfy { $0 == 0 } && embedding.row(4).contains { $0 != 0 })
        let variance = embedding.array.reduce(0) { $0 + Double($1 * $1) } / Double(embedding.count)
        #expect(abs(variance.squareRoot() - 0.3) < 0.03)
        #expect(values["model.norm.weight"]?.array.allSatisfy { $0 == 1 } == true)
        #expect(values["model.layers.0.self_attn.q_proj.bias"]?.array.allSatisfy { $0 == 0 } == true)
        let again = try DecoderModel.initialized(configuration, seed: 3)
        #expect(again.tensors[1].value.widened().array == model.tensors[1].value.widened().array)
        let other = try DecoderModel.initialized(configuration, seed: 4)
        #expect(other.tensors[1].value.widened().array != model.tensors[1].value.widened().array)
    }

    @Test func generationKeysInVain() throws {
        let fixture = try Fixture("llama-gradients")
        let configuration = try ModelConfiguration(directory: fixture.directory)
        var defaults = try GenerationDefaults(directory: fixture.directory, configuration: configuration)
        #expect(defaults.warnings.isEmpty)
        defaults.source = [
            "no_repeat_ngram_size": 0, "typical_p": 1, "encoder_repetition_penalty": 1.0, "min_p": .null,
            "bad_words_ids": [], "remove_invalid_values": false, "temperature": 0.7, "early_stopping": false,
        ]
        #expect(defaults.warnings.isEmpty)
        defaults.source = ["no_repeat_ngram_size": 3, "typical_p": 0.9, "bad_words_ids": [[1, 2]], "top_k": 5]
        #expect(
            defaults.warnings.map { $0.prefix { $0 != "," } } == [
                "generation_config.json: 'bad_words_ids' is [[1", "generation_config.json: 'no_repeat_ngram_size' is 3",
                "generation_config.json: 'typical_p' is 0.9",
            ])
    }

    @Test func samplingIsSwitchedOnWhereOtherKeysNeedIt() throws {
        let fixture = try Fixture("llama-gradients")
        let configuration = try ModelConfiguration(directory: fixture.directory)
        var defaults = try GenerationDefaults(directory: fixture.directory, configuration: configuration)
        #expect(defaults.endTokens == [2] && defaults.saved["do_sample"] == nil)
        defaults.source["temperature"] = 0.7
        #expect(defaults.saved["do_sample"] == true)
        defaults.source = [:]
        #expect(defaults.saved["eos_token_id"] == 2 && defaults.saved["bos_token_id"] == 1)
    }
}
