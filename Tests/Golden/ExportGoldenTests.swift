import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import ModelExport
import RunConfiguration
import Tensors
import Testing
import TextGeneration
import TrainingLoop
import WeightFiles

/// Exports of the reference: their tensors, what they answer, and what their files say.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct ExportGoldenTests {
    private static let cases: [JSONValue] = {
        guard let shared = GoldenRun.shared else { return [] }
        let path = "\(shared)/golden/infer/export/cases.json"
        return (try? JSONValue(parsing: MappedFile.contents(of: path)))?.array ?? []
    }()

    @Test(arguments: cases.compactMap { $0["name"]?.string })
    func agreesWithReference(name: String) throws {
        let golden = try #require(Self.cases.first { $0["name"]?.string == name })
        let infer = try #require(GoldenRun.shared) + "/golden/infer"
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("export-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: target) }
        var overrides = ["export_dir=\(target)"]
        for (key, value) in golden["config"]?.object ?? [:] {
            let folder = ["model_name_or_path": "models/", "adapter_name_or_path": "adapters/"][key]
            let text = value.string ?? value.serialized()
            overrides.append("\(key)=\(folder.map { "\(infer)/\($0)" } ?? "")\(text)")
        }
        let configuration = try RunConfiguration.parse(object: .mapping([]), overrides: overrides)
            .validated(for: .export)
        let outcome = try ExportRun(
            configuration, paths: PathResolver(workingDirectory: nil), control: TrainingControl()
        ) { _ in }.run()
        #expect(outcome.isFinished)
        try expectTensors(golden["tensors"], in: target)
        try expectBehaviour(golden["behaviour"], of: target, storedAs: golden["dtype"]?.string)
        func json(_ file: String) throws -> JSONValue {
            try JSONValue(parsing: MappedFile.contents(of: "\(target)/\(file)"))
        }
        #expect(try json("config.json")["dtype"] == golden["dtype"])
        #expect(try json("config.json")["use_cache"] == golden["use_cache"])
        #expect(try json("tokenizer_config.json")["padding_side"] == golden["padding_side"])
        #expect(FileManager.default.fileExists(atPath: "\(target)/\(golden["chat"]?.string ?? "-")"))
        #expect(
            FileManager.default.fileExists(atPath: "\(target)/value_head.safetensors") == golden["value_head"]?.bool)
    }

    private func expectTensors(_ tensors: JSONValue?, in folder: String) throws {
        let file = try SafetensorsFile(path: folder + "/model.safetensors")
        let expected = tensors?.object ?? [:]
        #expect(Set(file.records.map(\.name)) == Set(expected.map(\.key)))
        for (name, value) in expected {
            let record = try #require(file[name], "\(name)")
            #expect(record.type.rawValue == value["dtype"]?.string, "\(name)")
            #expect(record.shape == value["shape"]?.array?.compactMap { $0.integer.map { Int($0) } }, "\(name)")
            let numbers = try file.tensor(named: name).array
            let largest = numbers.reduce(0) { max($0, abs($1)) }
            // One step of the type, where a sum was rounded the other way.
            let tolerance = largest * (record.type == .float32 ? 1e-6 : 1e-3)
            for sample in value["at"]?.array ?? [] {
                let place = try #require(sample[0]?.integer.map { Int($0) })
                let number = Float(sample[1]?.double ?? .nan)
                #expect(abs(numbers[place] - number) <= tolerance, "\(name)[\(place)]")
            }
            let sum = numbers.reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - (value["sum"]?.double ?? .nan)) <= Double(tolerance) * Double(numbers.count).squareRoot())
        }
    }

    private func expectBehaviour(_ behaviour: JSONValue?, of folder: String, storedAs type: String?) throws {
        let model = try DecoderModel.load(directory: folder)
        var options = GenerationOptions()
        options.samples = false
        options.ignoresStopTokens = true
        options.maximumNewTokens = 24
        for item in behaviour?.array ?? [] {
            func ids(_ key: String) -> [Int32] { (item[key]?.array ?? []).compactMap { $0.integer.map { Int32($0) } } }
            let expected = (item["token_logprobs"]?.array ?? []).compactMap { $0.double.map { Float($0) } }
            let found = try model.tokenLogProbabilities([ids("ids")])[0]
            #expect(found.count == expected.count)
            // What is computed from rounded numbers differs by more, most for tokens that are hardly likely.
            let tolerance: Float = type == "float16" ? 2e-2 : 1e-3
            let far = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(far < tolerance)
            let tokens = try TextGenerator(model: model).generate(ids("ids"), options: options) { _ in .goOn }.tokens
            #expect(tokens == ids("greedy_24"))
        }
    }
}
