import Foundation
import JSONDocuments
import LanguageModels
import Tensors
import Testing

/// Expected values are what transformers' `align_special_tokens` makes of the same files; a list never names a token
/// twice here.
@Suite struct SpecialTokenAlignmentTests {
    /// The end, begin and padding of both files before and after.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var configuration: JSONValue
        var generation: JSONValue
        var tokenizer: SpecialTokenIDs
        var expected: (configuration: JSONValue, generation: JSONValue)
        var changes: [String]
    }

    static let cases = [
        Case(
            testDescription: "an end of turn", configuration: ["eos_token_id": 0, "bos_token_id": 0],
            generation: ["eos_token_id": 0, "bos_token_id": 0],
            tokenizer: SpecialTokenIDs(begin: 0, end: 2, padding: 2),
            expected: (
                ["eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 2],
                ["eos_token_id": [2, 0], "bos_token_id": 0, "pad_token_id": 2]
            ), changes: ["eos_token_id: [2, 0]", "pad_token_id: 2"]),
        Case(
            testDescription: "several ends", configuration: ["eos_token_id": [5, 6], "bos_token_id": 1],
            generation: ["eos_token_id": [5, 6], "bos_token_id": 1, "do_sample": true],
            tokenizer: SpecialTokenIDs(begin: 1, end: 6, padding: 7),
            expected: (
                ["eos_token_id": 6, "bos_token_id": 1, "pad_token_id": 7],
                ["eos_token_id": [6, 5], "bos_token_id": 1, "do_sample": true, "pad_token_id": 7]
            ), changes: ["eos_token_id: [6, 5]", "pad_token_id: 7"]),
        Case(
            testDescription: "nothing new", configuration: ["eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 3],
            generation: ["eos_token_id": [9, 2], "bos_token_id": 1, "pad_token_id": 3],
            tokenizer: SpecialTokenIDs(begin: 1, end: 2, padding: 3),
            expected: (
                ["eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 3],
                ["eos_token_id": [9, 2], "bos_token_id": 1, "pad_token_id": 3]
            ), changes: []),
        Case(
            testDescription: "no begin", configuration: ["eos_token_id": 2, "bos_token_id": 1],
            generation: ["eos_token_id": 2, "bos_token_id": 1],
            tokenizer: SpecialTokenIDs(begin: nil, end: 2, padding: 0),
            expected: (
                ["eos_token_id": 2, "bos_token_id": .null, "pad_token_id": 0], ["eos_token_id": 2, "pad_token_id": 0]
            ), changes: ["bos_token_id: null", "pad_token_id: 0"]),
        Case(
            testDescription: "no generation_config.json", configuration: ["eos_token_id": 2, "bos_token_id": 1],
            generation: [:], tokenizer: SpecialTokenIDs(begin: 1, end: 7, padding: 7),
            expected: (
                ["eos_token_id": 7, "bos_token_id": 1, "pad_token_id": 7],
                ["_from_model_config": true, "eos_token_id": [7, 2], "bos_token_id": 1, "pad_token_id": 7]
            ), changes: ["eos_token_id: [7, 2]", "pad_token_id: 7"]),
    ]

    @Test(arguments: cases) func savedFiles(case: Case) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("align-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if case .object(let object) = `case`.generation, !object.isEmpty {
            try Data(`case`.generation.serializedBytes(.compact)).write(
                to: URL(fileURLWithPath: "\(folder)/generation_config.json"))
        }
        var keys: JSONObject = [
            "model_type": "llama", "vocab_size": 97, "hidden_size": 32, "intermediate_size": 48,
            "num_hidden_layers": 1, "num_attention_heads": 4,
        ]
        for (key, value) in `case`.configuration.object ?? [:] { keys[key] = value }
        var configuration = try ModelConfiguration(.object(keys))
        var generation = try GenerationDefaults(directory: folder, configuration: configuration)
        #expect(`case`.tokenizer.align(&configuration, &generation) == `case`.changes)
        #expect(generation.saved == `case`.expected.generation)
        let saved = configuration.saved(weightFormat: .float32)
        for (key, value) in `case`.expected.configuration.object ?? [:] { #expect(saved[key] == value, "\(key)") }
        // The embedding's own padding row is that of the file.
        #expect(configuration.paddingToken == `case`.configuration["pad_token_id"]?.integer.map { Int32($0) })
    }
}
