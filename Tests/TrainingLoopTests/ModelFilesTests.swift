import Foundation
import JSONDocuments
import Testing
import Tokenization
import TrainingLoop

/// The files beside the weights say what the run did: other programs decide by them where an answer ends.
struct ModelFilesTests {
    /// A base whose answers end otherwise than those of the template that it learns.
    private func baseModel(endingIn token: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("base-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: "\(RunFixture.folder)/model", toPath: folder)
        let id = try #require(Tokenizer(directory: folder).tokenID(of: token)).json
        for (name, key, value) in [
            ("config.json", "eos_token_id", id), ("generation_config.json", "eos_token_id", id),
            ("tokenizer_config.json", "eos_token", .string(token)),
        ] {
            var file = try RunFixture.json("\(folder)/\(name)")
            file[key] = value
            try Data(file.serializedBytes(.compact)).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        return folder
    }

    @Test func wholeModelsEndWhereTheTemplateDoes() throws {
        let fixture = RunFixture()
        let base = try baseModel(endingIn: "<|endoftext|>")
        defer { try? FileManager.default.removeItem(atPath: base) }
        var notes: [String] = []
        let settings = ["model_name_or_path=\(base)", "save_steps=1", "load_best_model_at_end=false", "max_steps=1"]
        try fixture.run("sft-full", settings) { if case .note(let note) = $0 { notes.append(note) } }
        let tokenizer = try Tokenizer(directory: fixture.output)
        let end = try #require(tokenizer.eosTokenID).json
        let old = try #require(tokenizer.tokenID(of: "<|endoftext|>")).json
        #expect(tokenizer.eosToken == "<|im_end|>" && old != end)
        for folder in ["", "checkpoint-1/"] {
            #expect(try fixture.json("\(folder)generation_config.json")["eos_token_id"] == [end, old])
            let configuration = try fixture.json("\(folder)config.json")
            #expect(configuration["eos_token_id"] == end && configuration["bos_token_id"] == .null)
        }
        #expect(notes.contains { $0.contains("eos_token_id: [") && $0.contains("bos_token_id: null") })
    }
}

extension Int32 {
    fileprivate var json: JSONValue { .integer(Int64(self)) }
}
