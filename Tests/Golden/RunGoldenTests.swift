import Foundation
import JSONDocuments
import RunConfiguration
import Tensors
import Testing
import TrainingLoop
import WeightFiles

/// Whole training runs must give the reference's numbers at every step, and its weights at the end.
@Suite(.serialized)
struct RunGoldenTests {
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

    @Test(
        .enabled(if: shared != nil),
        arguments: [
            ("sft-lora", "adapter_model.safetensors"), ("sft-full", "model.safetensors"),
            ("pt-full", "model.safetensors"), ("sft-packing", "adapter_model.safetensors"),
        ])
    func agreesWithReference(name: String, weights: String) throws {
        let shared = try #require(Self.shared)
        let workplace = try Self.workplace(shared)
        defer { try? FileManager.default.removeItem(atPath: workplace) }
        let golden = "\(shared)/golden/runs/\(name)"
        let text = try String(contentsOfFile: golden + "/config.yaml", encoding: .utf8)
        let configuration = try RunConfiguration.parse(
            yaml: text, name: "config.yaml", overrides: ["output_dir=\(workplace)/output"])
        let run = TrainingRun(
            configuration: configuration, paths: PathResolver(workingDirectory: workplace))
        let outcome = try run.run { _ in }
        #expect(outcome.isFinished)
        try expectSameHistory(
            "\(workplace)/output/trainer_state.json", golden + "/trainer_state.json")
        try expectSameWeights("\(workplace)/output/\(weights)", "\(golden)/final_\(weights)")
    }

    /// A folder that holds `data`, the models and `seed-adapter`, as the runs' README asks for.
    private static func workplace(_ shared: String) throws -> String {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appendingPathComponent("golden-run-\(UUID().uuidString)").path
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func link(_ name: String, _ target: String) throws {
            try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
        }
        try link("data", shared + "/data")
        try link("seed-adapter", shared + "/golden/runs/seed-adapter")
        for model in try files.contentsOfDirectory(atPath: shared + "/golden/models") {
            try link(model, shared + "/golden/models/" + model)
        }
        return folder
    }

    private func history(_ path: String) throws -> [JSONObject] {
        let json = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))))
        return try #require(json["log_history"]?.array).compactMap(\.object)
    }

    private func expectSameHistory(_ path: String, _ reference: String) throws {
        let (ours, theirs) = (try history(path), try history(reference))
        #expect(ours.count == theirs.count)
        for (our, their) in zip(ours, theirs) {
            let step = try #require(their["step"]?.integer)
            #expect(our["step"]?.integer == step)
            for (key, tolerance) in [
                ("loss", 1e-4), ("train_loss", 1e-4), ("grad_norm", 1e-4), ("learning_rate", 1e-9), ("epoch", 1e-12),
                ("total_flos", 1e-12),
            ] {
                guard let expected = their[key]?.double else { continue }
                let found = try #require(our[key]?.double, "\(key) at step \(step)")
                #expect(abs(found - expected) <= tolerance * abs(expected), "\(key) at step \(step)")
            }
        }
    }

    private func expectSameWeights(_ path: String, _ reference: String) throws {
        let (ours, theirs) = (try SafetensorsFile(path: path), try SafetensorsFile(path: reference))
        #expect(Set(ours.records.map(\.name)) == Set(theirs.records.map(\.name)))
        for record in theirs.records {
            let expected = try theirs.tensor(named: record.name).array
            let found = try ours.tensor(named: record.name).array
            try #require(found.count == expected.count)
            let largest = expected.reduce(0) { max($0, abs($1)) }
            let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference <= 1e-3 * largest, "\(record.name)")
        }
    }
}
