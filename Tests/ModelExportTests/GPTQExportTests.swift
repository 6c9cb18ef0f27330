import Foundation
import JSONDocuments
import LanguageModels
import ModelExport
import RunConfiguration
import Tensors
import Testing
import TrainingLoop
import WeightFiles

/// `export_quantization_bit`: the merged model, quantized on texts.
struct GPTQExportTests {
    private static func settings(_ fixture: ExportFixture, bits: Int, more: [String] = []) throws -> [String] {
        [
            "export_quantization_bit=\(bits)", "export_quantization_dataset=\(try fixture.calibrationData())",
            "export_quantization_nsamples=4", "export_quantization_maxlen=24", "template=empty",
        ] + more
    }

    private static func export(
        _ fixture: ExportFixture, _ model: String, _ settings: [String], control: TrainingControl = TrainingControl(),
        events: @escaping (ExportRun.Event) -> Void = { _ in }
    ) throws -> ExportRun.Outcome {
        let configuration = try ExportFixture.configuration(model, [], fixture.target, settings)
        return try ExportRun(
            configuration, paths: PathResolver(workingDirectory: fixture.folder), control: control, report: events
        ).run()
    }

    private static func weights(_ fixture: ExportFixture) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(fixture.target)/model.safetensors")))
    }

    @Test(arguments: [2, 3, 4, 8]) func quantizedModelsAreReadAgain(bits: Int) throws {
        let fixture = try ExportFixture()
        let model = try fixture.packableModel()
        #expect(try Self.export(fixture, model, Self.settings(fixture, bits: bits)).isFinished)
        let configuration = try fixture.json("config.json")
        let settings = configuration["quantization_config"]
        #expect(settings?["quant_method"] == "gptq" && settings?["bits"]?.integer == Int64(bits))
        #expect(settings?["group_size"] == 128 && settings?["desc_act"] == false && settings?["sym"] == true)
        #expect(configuration["dtype"] == "float16" || configuration["torch_dtype"] == "float16")
        let (original, written) = (try DecoderModel.load(directory: model), try fixture.model())
        let packed = written.tensors.filter { _, value in
            guard case .frozen(let weight) = value else { return false }
            return weight.format == nil
        }
        #expect(packed.count == 2 * original.linearModules.filter { $0.path.contains("layers.0.") }.count)
        let tokens: [[Int32]] = [[5, 9, 13, 17, 21, 25, 29, 3, 7, 11, 6]]
        let difference = try zip(original.tokenLogProbabilities(tokens)[0], written.tokenLogProbabilities(tokens)[0])
            .map { abs($0 - $1) }.max()
        #expect(try #require(difference) < (bits == 8 ? 0.1 : bits == 4 ? 1.5 : 10))
        let report = try fixture.json("export_report.json")
        #expect(report["comparisons"]?[0]?["greedy_agreement"]?.double != nil)
        #expect(try fixture.entries().allSatisfy { !$0.hasSuffix(".gptq") && $0 != ".export" })
    }

    /// Every parameter of the calibration acts, and the same ones give the same bytes.
    @Test func calibrationActs() throws {
        let fixture = try ExportFixture()
        let model = try fixture.packableModel()
        func weights(_ more: String...) throws -> [UInt8] {
            #expect(try Self.export(fixture, model, Self.settings(fixture, bits: 4, more: more)).isFinished)
            return try Self.weights(fixture)
        }
        let expected = try weights()
        #expect(try weights() == expected)
        #expect(try weights("export_quantization_nsamples=5") != expected)
        #expect(try weights("export_quantization_maxlen=25") != expected)
        let other = "\(fixture.folder)/other.txt"
        try Data((0..<60).map { "other\($0 % 7)" }.joined(separator: " ").utf8).write(to: URL(fileURLWithPath: other))
        #expect(try weights("export_quantization_dataset=\(other)") != expected)
    }

    /// An export that was stopped behind the first block goes on and gives what an unbroken one gives.
    @Test func goesOnBehindTheLastBlock() throws {
        let (whole, broken) = (try ExportFixture(), try ExportFixture())
        #expect(try Self.export(whole, whole.packableModel(), Self.settings(whole, bits: 4)).isFinished)
        let control = TrainingControl()
        let (model, settings) = (try broken.packableModel(), try Self.settings(broken, bits: 4))
        let stopped = try Self.export(broken, model, settings, control: control) { event in
            if case .quantized(1, 2) = event { control.stop() }
        }
        #expect(!stopped.isFinished)
        #expect(!FileManager.default.fileExists(atPath: "\(broken.target)/config.json"))
        var quantized: [Int] = []
        let outcome = try Self.export(broken, model, settings) { event in
            if case .quantized(let blocks, _) = event { quantized.append(blocks) }
        }
        #expect(outcome.isFinished && quantized == [2], "\(quantized)")
        #expect(try Self.weights(broken) == Self.weights(whole))
    }

    @Test func unfitDataIsRefused() throws {
        let fixture = try ExportFixture()
        let model = try fixture.packableModel()
        let short = #expect(throws: ExportError.self) {
            try Self.export(
                fixture, model, Self.settings(fixture, bits: 4, more: ["export_quantization_maxlen=5000"]))
        }
        #expect(short?.description.contains("export_quantization_maxlen") == true)
        let path = "\(fixture.folder)/columns.jsonl"
        try Data("{\"body\": \"no text\"}".utf8).write(to: URL(fileURLWithPath: path))
        let column = #expect(throws: ExportError.self) {
            try Self.export(
                fixture, model, Self.settings(fixture, bits: 4, more: ["export_quantization_dataset=\(path)"]))
        }
        #expect(column?.description.contains("'text'") == true)
        // A quantized model is not a base.
        #expect(try Self.export(fixture, model, Self.settings(fixture, bits: 4)).isFinished)
        let base = #expect(throws: ExportError.self) {
            try fixture.export(fixture.target, [], "export_dir=\(fixture.folder)/other")
        }
        #expect(base?.description.contains("quantized already (gptq)") == true)
    }
}
