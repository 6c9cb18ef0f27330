import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import ModelExport
import Tensors
import Testing
import WeightFiles

@Suite struct MergingTests {
    /// Merged, a model scores as PEFT does with the adapter beside it.
    @Test(arguments: ["plain", "patterns", "expression", "dora", "saved"])
    func scoresAsTheReferenceDoes(name: String) throws {
        let fixture = try ExportFixture()
        try fixture.export(ExportFixture.adapters + "/base", [name], "infer_dtype=float32")
        let expected = try JSONValue(parsing: MappedFile.contents(of: ExportFixture.adapters + "/expected.json"))
        let tokens = (expected["ids"]?.array ?? []).compactMap { $0.integer.map { Int32($0) } }
        let scores = (expected[name]?.array ?? []).compactMap { $0.double.map { Float($0) } }
        let model = try fixture.model()
        let found = try model.nextLogits(tokens, cache: model.makeCache()).array
        #expect(!scores.isEmpty && found.count == scores.count)
        #expect(zip(found, scores).allSatisfy { abs($0 - $1) < 2e-5 })
        #expect(try fixture.json("export_report.json")["verified"] == true)
    }

    /// Several adapters go in one after another, each beside what those before it have made.
    @Test func mergesAChain() throws {
        let fixture = try ExportFixture()
        try fixture.export(ExportFixture.adapters + "/base", ["plain", "dora", "patterns"], "infer_dtype=float32")
        let first = try fixture.model().tensors.map { $0.value.widened().array }
        let step = try ExportFixture()
        try step.export(ExportFixture.adapters + "/base", ["plain"], "infer_dtype=float32")
        var path = step.target
        var last = step
        for name in ["dora", "patterns"] {
            let next = try ExportFixture()
            try next.export(path, [name], "infer_dtype=float32")
            (path, last) = (next.target, next)
            withExtendedLifetime(step) {}
        }
        let found = try last.model().tensors.map { $0.value.widened().array }
        #expect(first == found)
    }

    /// A type of number of its own, each tensor rounded to it.
    @Test(arguments: ["float16", "bfloat16", "float32"])
    func writesTheTypeAskedFor(type: String) throws {
        let fixture = try ExportFixture()
        try fixture.export(ExportFixture.adapters + "/base", ["plain"], "infer_dtype=\(type)")
        let model = try fixture.model()
        for (name, value) in model.tensors {
            guard case .frozen(let weight) = value else { continue }
            #expect(weight.format?.rawValue == type, "\(name)")
        }
        #expect(try fixture.json("config.json")["dtype"]?.string == type)
        #expect(try fixture.json("config.json")["torch_dtype"]?.string == type)
        #expect(try fixture.json("config.json")["use_cache"] == true)
    }

    /// Without a word about it the type is the configuration's.
    @Test func keepsTheTypeOfTheConfiguration() throws {
        let fixture = try ExportFixture()
        try fixture.export()
        let base = try ModelConfiguration(directory: ExportFixture.adapters + "/base")
        #expect(try fixture.json("config.json")["dtype"]?.string == (base.weightFormat ?? .float16).rawValue)
    }

    /// A head that an adapter brings beside a tied embedding is written, and the model says so.
    @Test func unties() throws {
        let fixture = try ExportFixture()
        try fixture.export(ExportFixture.adapters + "/base", ["saved"], "infer_dtype=float32")
        let base = try DecoderModel.load(directory: ExportFixture.adapters + "/base")
        let model = try fixture.model()
        if base.configuration.tiesEmbeddings {
            #expect(model.tensors.count == base.tensors.count + 1)
            #expect(try fixture.json("config.json")["tie_word_embeddings"] == false)
        } else {
            #expect(model.tensors.count == base.tensors.count)
        }
    }
}
