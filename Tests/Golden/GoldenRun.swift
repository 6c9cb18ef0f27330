import Adapters
import Foundation
import JSONDocuments
import LanguageModels
import RunConfiguration
import Tensors
import Testing
import Tokenization
import TrainingLoop
import WeightFiles

/// One of the reference's own training runs, to be made again and compared step by step.
final class GoldenRun {
    /// The shared folder; nil, with a printed reason, where it is not there.
    static let shared: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["FINETUNED_SHARED"]
            ?? root.deletingLastPathComponent().appendingPathComponent("shared").path
        if FileManager.default.fileExists(atPath: shared + "/golden/runs") { return shared }
        print("Golden runs are left out: there is no \(shared)/golden/runs; FINETUNED_SHARED names the shared folder.")
        return nil
    }()

    /// What a run is held to, from its `check.json`.
    private struct Check {
        var loss = 1e-4
        var gradientNorm = 1e-4
        /// Most distance of the weights to the reference's, as a share of what the reference moved them.
        var moved: Double?
        /// Of the other figures, relative; smaller ones than `leastFigure` count as that.
        var figures = 1e-3
        static let leastFigure = 0.1
        /// Losses smaller than this count as this.
        var floor = 0.0
        /// Figures and tensors that are not compared.
        var skipped: Set<String> = []
        /// Most distance of the products of low-rank pairs, as a share of their size.
        var products = 1e-3

        init(path: String) throws {
            guard FileManager.default.fileExists(atPath: path) else { return }
            let json = try GoldenRun.json(path)
            loss = json["loss"]?.double ?? loss
            gradientNorm = json["grad_norm"]?.double ?? gradientNorm
            moved = json["moved"]?.double
            figures = json["metrics"]?.double ?? figures
            floor = json["floor"]?.double ?? floor
            skipped = Set((json["skip"]?.array ?? []).compactMap(\.string))
            products = json["products"]?.double ?? products
        }
    }

    private let golden: String
    private let workplace: String
    private let check: Check
    let configuration: RunConfiguration
    var output: String { workplace + "/output" }

    init(_ name: String, _ overrides: [String] = []) throws {
        let shared = try #require(Self.shared)
        golden = "\(shared)/golden/runs/\(name)"
        check = try Check(path: golden + "/check.json")
        workplace = try Self.makeWorkplace(shared)
        let text = try String(contentsOfFile: golden + "/config.yaml", encoding: .utf8)
        configuration = try RunConfiguration.parse(
            yaml: text, name: "config.yaml", overrides: ["output_dir=\(workplace)/output"] + overrides)
    }

    deinit { try? FileManager.default.removeItem(atPath: workplace) }

    /// A folder that holds `data`, the models and the seeds, as the runs' README asks for.
    private static func makeWorkplace(_ shared: String) throws -> String {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appendingPathComponent("golden-run-\(UUID().uuidString)").path
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func link(_ name: String, _ target: String) throws {
            try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
        }
        try link("data", shared + "/data")
        for run in try files.contentsOfDirectory(atPath: shared + "/golden/runs") where run.hasPrefix("seed-") {
            try link(run, "\(shared)/golden/runs/\(run)")
        }
        for model in try files.contentsOfDirectory(atPath: shared + "/golden/models") {
            try link(model, "\(shared)/golden/models/\(model)")
        }
        return folder
    }

    /// Trains as the reference did.
    @discardableResult
    func perform() throws -> [String] {
        var notes: [String] = []
        let run = TrainingRun(configuration: configuration, paths: PathResolver(workingDirectory: workplace))
        let outcome = try run.run { if case .note(let text) = $0 { notes.append(text) } }
        #expect(outcome.isFinished)
        return notes
    }

    // MARK: Comparing

    /// - Parameter includingFigures: compares everything that a record has, and the records of evaluations
    func expectSameHistory(includingFigures: Bool = false) throws {
        let (ours, theirs) = (try history(output), try history(golden))
        #expect(ours.count { $0["loss"] != nil } == theirs.count { $0["loss"] != nil })
        if includingFigures {
            #expect(ours.count == theirs.count)
            for (our, their) in zip(ours, theirs) { try expectSameFigures(our, their) }
        }
        for (our, their) in zip(ours, theirs) {
            let step = try #require(their["step"]?.integer)
            #expect(our["step"]?.integer == step)
            for (key, tolerance) in [
                ("loss", check.loss), ("train_loss", check.loss), ("grad_norm", check.gradientNorm),
                ("learning_rate", 1e-9), ("epoch", 1e-12), ("total_flos", 1e-12),
            ] {
                guard let expected = their[key]?.double else { continue }
                let found = try #require(our[key]?.double, "\(key) at step \(step)")
                let difference = abs(found - expected)
                #expect(difference <= tolerance * abs(expected), "\(key) at step \(step): \(found), \(expected)")
            }
        }
    }

    /// Logits are the reference's over padding as well, and times are times.
    private func expectSameFigures(_ our: JSONObject, _ their: JSONObject) throws {
        #expect(Set(our.keys) == Set(their.keys), "\(their)")
        for (key, value) in their where !check.skipped.contains(key) {
            if key.contains("logits/") || key.hasSuffix("_runtime") || key.hasSuffix("_per_second") { continue }
            let (expected, found) = (try #require(value.double), try #require(our[key]?.double))
            let tolerance =
                switch key {
                case "loss", "eval_loss", "train_loss": check.loss * max(abs(expected), check.floor)
                case "grad_norm": check.gradientNorm * abs(expected)
                default: check.figures * max(abs(expected), Check.leastFigure)
                }
            #expect(abs(found - expected) <= tolerance, "\(key) of \(their): \(found)")
        }
    }

    /// Compares what the model that the reference left makes of texts, read and run here, with what the reference makes
    /// of them.
    func expectSameScores() throws {
        let json = try Self.json(golden + "/scores.json")
        let start = "\(workplace)/\(configuration[Parameters.modelNameOrPath] ?? "")"
        let isFull = configuration[Parameters.finetuningType] == .full
        let left = workplace + "/left"
        let files = FileManager.default
        try files.createDirectory(atPath: left, withIntermediateDirectories: true)
        // The start's folder is a link to one that others use.
        let beside = isFull ? try files.contentsOfDirectory(atPath: start).filter { $0.hasSuffix(".json") } : []
        for name in beside { try files.copyItem(atPath: "\(start)/\(name)", toPath: "\(left)/\(name)") }
        if !isFull {
            try files.copyItem(atPath: golden + "/adapter_config.json", toPath: left + "/adapter_config.json")
        }
        for name in [isFull ? "model.safetensors" : "adapter_model.safetensors", "value_head.safetensors"] {
            try files.copyItem(atPath: "\(golden)/final_\(name)", toPath: "\(left)/\(name)")
        }
        let base = try DecoderModel.load(directory: isFull ? left : start)
        let adapter = isFull ? nil : try Adapter.load(directory: left, for: base).adapter
        let head = try #require(try ValueHead.load(directory: left, for: base.configuration))
        let tokenizer = try Tokenizer(directory: start)
        let cases = try #require(json["cases"]?.array)
        #expect(cases.count == 8)
        for test in cases {
            let ids = try tokenizer.encode(test["text"]?.string ?? "", addingSpecialTokens: false)
            let tape = Tape(recording: false)
            let hidden = try (adapter?.model ?? base).hiddenStates(
                ids, layout: SequenceLayout(lengths: [ids.count]), on: tape, branches: adapter?.branches)
            let score = Double(try head.values(hidden, rows: [ids.count - 1], on: tape).value[0])
            #expect(abs(score - (try #require(test["score"]?.double))) <= 1e-4, "\(score) instead of \(test)")
        }
    }

    /// Compares the tensors that the reference's file holds.
    func expectSameWeights(_ file: String) throws {
        let ours = try SafetensorsFile(path: "\(output)/\(file)")
        let theirs = try SafetensorsFile(path: "\(golden)/final_\(file)")
        guard let bound = check.moved else {
            #expect(Set(ours.records.map(\.name)) == Set(theirs.records.map(\.name)))
            return try expectClose(ours, theirs)
        }
        let moved = try movedApart(ours, theirs, start: start(file))
        #expect(moved <= bound)
    }

    /// Compares what pairs of matrices add to the weights; their signs are free.
    ///
    /// - Parameter golden: the reference's file
    func expectSameProducts(_ file: String, as golden: String) throws {
        let ours = try SafetensorsFile(path: "\(output)/\(file)")
        let theirs = try SafetensorsFile(path: "\(self.golden)/\(golden)")
        #expect(Set(ours.records.map(\.name)) == Set(theirs.records.map(\.name)))
        for record in theirs.records where record.name.hasSuffix("lora_A.weight") {
            let (found, expected) = (try product(ours, record.name), try product(theirs, record.name))
            try #require(found.count == expected.count)
            let apart = zip(found, expected).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            let size = expected.reduce(0.0) { $0 + Double($1 * $1) }
            #expect((apart / size).squareRoot() <= check.products, "\(record.name)")
        }
    }

    /// B * A of the pair that A is named of.
    private func product(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
        let a = try file.tensor(named: name)
        let b = try file.tensor(named: name.replacingOccurrences(of: "lora_A", with: "lora_B"))
        let result = Tensor(uninitialized: [b.rows, a.columns])
        try result.setToProduct(of: b, leftTransposed: false, and: a)
        return result.array
    }

    private func expectClose(_ ours: SafetensorsFile, _ theirs: SafetensorsFile) throws {
        for record in theirs.records where !check.skipped.contains(record.name) {
            let expected = try theirs.tensor(named: record.name).array
            let found = try ours.tensor(named: record.name).array
            try #require(found.count == expected.count)
            let largest = expected.reduce(0) { max($0, abs($1)) }
            let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference <= 1e-3 * largest, "\(record.name)")
        }
    }

    /// The weights that training began with.
    private func start(_ file: String) throws -> SafetensorsFile {
        let folder =
            configuration[Parameters.adapterNameOrPath]?.last ?? configuration[Parameters.modelNameOrPath] ?? ""
        return try SafetensorsFile(path: "\(workplace)/\(folder)/\(file)")
    }

    /// |ours - theirs| / |theirs - start|
    private func movedApart(
        _ ours: SafetensorsFile, _ theirs: SafetensorsFile, start: SafetensorsFile
    ) throws -> Double {
        var (apart, way) = (0.0, 0.0)
        for record in theirs.records where !check.skipped.contains(record.name) {
            let expected = try theirs.tensor(named: record.name).array
            let (found, before) = (
                try ours.tensor(named: record.name).array, try start.tensor(named: record.name).array
            )
            try #require(found.count == expected.count && before.count == expected.count)
            for index in expected.indices {
                apart += Double(found[index] - expected[index]) * Double(found[index] - expected[index])
                way += Double(expected[index] - before[index]) * Double(expected[index] - before[index])
            }
        }
        return (apart / way).squareRoot()
    }

    private func history(_ folder: String) throws -> [JSONObject] {
        try #require(Self.json(folder + "/trainer_state.json")["log_history"]?.array).compactMap(\.object)
    }

    private static func json(_ path: String) throws -> JSONValue {
        try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))))
    }
}
