import JSONDocuments
import LanguageModels
import Tensors
import TextGeneration
import Testing

@Suite(.serialized) struct TextGeneratorTests {
    /// A small model of random weights; wide ranges make its choices clear.
    static func model() throws -> DecoderModel {
        try DecoderModel.initialized(
            ModelConfiguration([
                "model_type": "llama", "vocab_size": 50, "hidden_size": 32, "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3,
            ]), seed: 7)
    }

    func options(_ change: (inout GenerationOptions) -> Void) -> GenerationOptions {
        var options = GenerationOptions()
        options.maximumNewTokens = 12
        change(&options)
        return options
    }

    @Test func withAndWithoutCache() throws {
        let generator = TextGenerator(model: try Self.model())
        for samples in [false, true] {
            let cached = try generator.generate([1, 2, 3], options: options { $0.samples = samples })
            let plain = try generator.generate(
                [1, 2, 3],
                options: options {
                    $0.samples = samples
                    $0.usesCache = false
                })
            #expect(cached.tokens == plain.tokens && cached.tokens.count == 12)
            #expect(cached.finishReason == .length && cached.promptTokens == 3)
        }
    }

    @Test func aLongPromptInPartsIsTheSame() throws {
        let model = try Self.model()
        let prompt = (0..<1100).map { Int32(($0 * 31) % 50) }
        let found = try TextGenerator(model: model).generate(prompt, options: options { $0.samples = false })
        let plain = try TextGenerator(model: model).generate(
            prompt,
            options: options {
                $0.samples = false
                $0.usesCache = false
                $0.maximumNewTokens = 3
            })
        #expect(found.tokens.starts(with: plain.tokens))
    }

    @Test func stopTokens() throws {
        let generator = TextGenerator(model: try Self.model())
        let free = try generator.generate([4, 5], options: options { $0.samples = false }).tokens
        let stop = free[4]
        let end = try #require(free.firstIndex(of: stop))
        let stopped = try generator.generate(
            [4, 5],
            options: options {
                $0.samples = false
                $0.stopTokens = [stop]
            })
        #expect(stopped.tokens == Array(free[...end]) && stopped.finishReason == .stop)
        let ignored = try generator.generate(
            [4, 5],
            options: options {
                $0.samples = false
                $0.stopTokens = [stop]
                $0.ignoresStopTokens = true
            })
        #expect(ignored.tokens == free && ignored.finishReason == .length)
    }

    @Test func lengths() throws {
        let generator = TextGenerator(model: try Self.model())
        func count(new: Int, length: Int) throws -> Int {
            try generator.generate(
                [1, 2, 3],
                options: options {
                    $0.maximumNewTokens = new
                    $0.maximumLength = length
                }
            ).tokens.count
        }
        #expect(try count(new: 5, length: 2) == 5)
        #expect(try count(new: 0, length: 7) == 4)
        let error = try #require(throws: GenerationError.self) { try count(new: 0, length: 3) }
        #expect(error == .promptTooLong(tokens: 3, maximumLength: 3))
        #expect(error.description.contains("3 tokens") && error.description.contains("max_length is 3"))
        #expect(throws: GenerationError.self) { try count(new: 0, length: 0) }
    }

    @Test func cancelling() throws {
        let generator = TextGenerator(model: try Self.model())
        var seen: [Int32] = []
        let result = try generator.generate([1, 2], options: options { _ in }) { token in
            if let token { seen.append(token) }
            return seen.count == 3 ? .cancel : .goOn
        }
        #expect(result.finishReason == .cancelled && result.tokens == seen && seen.count == 3)
        let prompt = [Int32](repeating: 1, count: 2000)
        let early = try generator.generate(prompt, options: options { _ in }) { _ in .cancel }
        #expect(early.finishReason == .cancelled && early.tokens.isEmpty)
    }

    @Test func refusals() throws {
        let generator = TextGenerator(model: try Self.model())
        #expect(throws: GenerationError.emptyPrompt) { try generator.generate([], options: GenerationOptions()) }
        #expect(throws: GenerationError.unknownToken(50, vocabulary: 50)) {
            try generator.generate([1, 50], options: GenerationOptions())
        }
        for change in [
            { $0.temperature = -1 }, { $0.topP = 1.5 }, { $0.topK = -1 }, { $0.repetitionPenalty = 0 },
            { $0.temperature = .nan },
        ] as [(inout GenerationOptions) -> Void] {
            #expect(throws: GenerationError.self) { try generator.generate([1], options: options(change)) }
        }
    }
}
