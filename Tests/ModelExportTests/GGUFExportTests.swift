import JSONDocuments
import LanguageModels
import ModelExport
import RunConfiguration
import Testing
import Tokenization
import WeightFiles

/// `export_gguf`: a file for llama.cpp beside the others.
struct GGUFExportTests {
    @Test(arguments: ["f32", "f16", "q8_0", "q4_0"]) func writesAFileThatIsReadAgain(type: String) throws {
        let fixture = try ExportFixture()
        let model = try fixture.packableModel()
        try fixture.export(model, [], "export_gguf=\(type)", "template=empty")
        #expect(try fixture.entries().contains("model.gguf") && fixture.entries().contains("model.safetensors"))
        let file = "\(fixture.target)/model.gguf"
        let (original, written) = (try DecoderModel.load(directory: model), try DecoderModel.load(directory: file))
        #expect(written.tensors.map(\.name) == original.tensors.map(\.name))
        #expect(try GGUFFile(path: file)["blk.0.ffn_down.weight"]?.type.name == type)
        let (tokenizer, again) = (try Tokenizer(directory: model), try Tokenizer(directory: file))
        let text = "The quick brown fox, 12 times."
        #expect(try tokenizer.encode(text) == again.encode(text))
        let comparisons = try #require(fixture.json("export_report.json")["comparisons"]?.array)
        #expect(comparisons.count == 2 && comparisons[1]["format"] == "GGUFExport")
        #expect((comparisons[1]["tolerance"] == .null) == type.hasPrefix("q"))
        // Taken away again by an export that does not want it.
        try fixture.export(model, [], "template=empty")
        #expect(try !fixture.entries().contains("model.gguf"))
    }

    @Test func unfitExportsAreRefused() throws {
        let fixture = try ExportFixture()
        let model = try fixture.packableModel()
        let error = #expect(throws: ConfigurationError.self) {
            try fixture.export(
                model, [], "export_gguf=q8_0", "export_quantization_bit=4",
                "export_quantization_dataset=x.jsonl")
        }
        #expect(error?.parameter == "export_gguf")
        try fixture.export(model, [], "export_gguf=q8_0", "template=empty")
        #expect(throws: ExportError.self) {
            try fixture.export("\(fixture.target)/model.gguf", [], "export_dir=\(fixture.folder)/other")
        }
    }
}
