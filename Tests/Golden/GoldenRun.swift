import Foundation
import JSONDocuments
import RunConfiguration
import Tensors
import Testing
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
        /// Most distance of the products of low-rank pairs, as a share of their size.
        var products = 1e-3

        init(path: String) throws {
            guard FileManager.default.fileExists(atPath: path) else { return }
            let json = try GoldenRun.json(path)
            loss = json["loss"]?.double ?? loss
            gradientNorm = json["grad_norm"]?.double ?? gradientNorm
            moved = json["moved"]?.double
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

    func expectSameHistory() throws {
        let (ours, theirs) = (try history(output), try history(golden))
        #expect(ours.count { $0["loss"] != nil } == theirs.count { $0["loss"] != nil })
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
        for record in theirs.records {
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
        for record in theirs.records {
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
