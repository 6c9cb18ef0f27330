/// Rows of the group `generating`.
extension Parameters {
    package static let doSample = Parameter<Bool>(
        "do_sample", .generating, default: true,
        help: "Draw tokens at random by their probability; otherwise take the likeliest.",
        .acts(test: "TextGenerationTests/TokenSamplerTests"))
    package static let temperature = Parameter<Double>(
        "temperature", .generating, default: 0.95, .atLeast(0),
        help: "Spread of the draw: higher is more random, 0 takes the likeliest token.",
        .acts(test: "TextGenerationTests/TokenSamplerTests"))
    package static let topP = Parameter<Double>(
        "top_p", .generating, default: 0.7, .within(0, 1),
        help: "Draw only among the likeliest tokens whose probabilities add up to this.",
        .acts(test: "TextGenerationTests/ScoreProcessingTests"))
    package static let topK = Parameter<Int>(
        "top_k", .generating, default: 50, .atLeast(0),
        help: "Draw only among this many of the likeliest tokens; 0 means all.",
        .acts(test: "TextGenerationTests/ScoreProcessingTests"))
    package static let numBeams = Parameter<Int>(
        "num_beams", .generating, default: 1, .atLeast(1),
        help: "Beams of a beam search; 1 means none.",
        .notYet("beam search"))
    package static let maxLength = Parameter<Int>(
        "max_length", .generating, default: 1024, .atLeast(1),
        help: "Most tokens of prompt and answer together; counts only when max_new_tokens is 0.",
        .acts(test: "TextGenerationTests/TextGeneratorTests"))
    package static let maxNewTokens = Parameter<Int>(
        "max_new_tokens", .generating, default: 1024, .atLeast(0),
        help: "Most tokens of the answer; when positive it wins over max_length.",
        .acts(test: "TextGenerationTests/TextGeneratorTests"))
    package static let repetitionPenalty = Parameter<Double>(
        "repetition_penalty", .generating, default: 1.0, .above(0),
        help: "Above 1 makes tokens that occurred before less likely, below 1 more likely.",
        .acts(test: "TextGenerationTests/ScoreProcessingTests"))
    package static let lengthPenalty = Parameter<Double>(
        "length_penalty", .generating, default: 1.0,
        help: "Preference of a beam search for longer texts.",
        .notYet("beam search"))
    package static let defaultSystem = Parameter<String?>(
        "default_system", .generating, default: nil,
        help: "System message of dialogs that bring none.",
        .acts(test: "ChatTemplatesTests/TemplateEncodingTests"))
    package static let skipSpecialTokens = Parameter<Bool>(
        "skip_special_tokens", .generating, default: true,
        help: "Leave special tokens out of the generated text.",
        .acts(test: "WorkerServiceTests/ModelServiceTests"))
    package static let ignoreEos = Parameter<Bool>(
        "ignore_eos", .generating, default: false,
        help: "Generate to the full length, past stop tokens.",
        .acts(test: "TextGenerationTests/TextGeneratorTests"))

    static let generatingRows: [ParameterDescription] = [
        doSample.description, temperature.description, topP.description, topK.description, numBeams.description,
        maxLength.description, maxNewTokens.description, repetitionPenalty.description,
        lengthPenalty.description, defaultSystem.description, skipSpecialTokens.description,
        ignoreEos.description,
    ]
}
