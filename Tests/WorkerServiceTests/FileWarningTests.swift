import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import ServiceAPI
import Testing
import WeightFiles

import WorkerService

/// What the files of a model ask for in vain comes with every answer that was made without it.
@Suite struct FileWarningTests {
    let fixture: ModelFolderFixture
    let pair: ServicePair

    init() throws {
        fixture = try ModelFolderFixture()
        pair = try ServicePair()
    }

    private func change(_ file: String, _ key: String, _ value: JSONValue) throws {
        var json = try JSONValue(parsing: MappedFile.contents(of: file))
        json[key] = value
        try Data(json.serializedBytes(.compact)).write(to: URL(fileURLWithPath: file))
    }

    private func warnings(_ method: String, _ fields: JSONObject) throws -> [String] {
        var request = fields
        request["model"] = .string(fixture.directory)
        return (try pair.call(method, .object(request))["warnings"]?.array ?? []).compactMap(\.string)
    }

    @Test func everyFileIsHeard() throws {
        try change("\(fixture.directory)/config.json", "attention_dropout", 0.1)
        try change("\(fixture.directory)/generation_config.json", "no_repeat_ngram_size", 3)
        try change("\(fixture.directory)/tokenizer_config.json", "fix_mistral_regex", true)
        try change("\(fixture.adapter)/adapter_config.json", "use_something_new", true)
        let ids: JSONValue = [72, 105]
        let adapter = JSONValue.string(fixture.adapter)
        let all = ["'fix_mistral_regex'", "'attention_dropout'", "'no_repeat_ngram_size'", "'use_something_new'"]
        func check(_ found: [String], _ expected: [String]) {
            #expect(found.count == expected.count, "\(found)")
            for (warning, key) in zip(found, expected) { #expect(warning.contains(key)) }
        }
        check(try warnings("worker.tokenize", ["text": "Hi"]), [all[0]])
        check(try warnings("worker.logprobs", ["text": "Hi"]), Array(all[..<2]))
        check(try warnings("worker.logprobs", ["ids": ids, "adapter": adapter]), [all[0], all[1], all[3]])
        check(try warnings("worker.generate", ["ids": ids, "adapter": adapter]), all)
        check(try warnings("worker.load", ["adapter": adapter]), all)
    }

    @Test func soundFilesAreSilent() throws {
        for method in ["worker.generate", "worker.logprobs"] {
            let request: JSONValue = [
                "model": .string(fixture.directory), "ids": [72, 105], "adapter": .string(fixture.adapter),
            ]
            #expect(try pair.call(method, request)["warnings"] == nil)
        }
    }
}
