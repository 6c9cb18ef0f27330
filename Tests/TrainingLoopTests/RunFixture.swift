import Foundation
import JSONDocuments
import RunConfiguration
import Testing
import TrainingLoop
import WeightFiles

/// A run over the fixtures' model and data, writing into a folder that goes with the fixture.
final class RunFixture {
    static let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures").path
    let output: String

    /// - Parameter output: a folder that another fixture has made
    init(output: String) { self.output = output }

    init() { output = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)").path }
    deinit { try? FileManager.default.removeItem(atPath: output) }

    /// - Parameter stopAfter: asks the run to stop after this step
    @discardableResult
    func run(
        _ name: String, _ overrides: [String] = [], isContinuation: Bool = false, stopAfter: Int? = nil,
        control: TrainingControl = TrainingControl(), events: (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingRun.Outcome {
        let text = try String(contentsOfFile: "\(Self.folder)/runs/\(name)/config.yaml", encoding: .utf8)
        let configuration = try RunConfiguration.parse(
            yaml: text, name: name, overrides: ["output_dir=\(output)"] + overrides)
        return try withoutActuallyEscaping(events) { events in
            try TrainingRun(
                configuration: configuration, paths: PathResolver(workingDirectory: Self.folder), identifier: "test",
                isContinuation: isContinuation
            ).run(control: control) { event in
                if case .step(let report) = event, report.step == stopAfter { control.stop() }
                events(event)
            }
        }
    }

    /// Removes everything that was written, for another run in the same place.
    func clear() throws { try FileManager.default.removeItem(atPath: output) }

    func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(output)/\(name)")))
    }

    static func json(_ path: String) throws -> JSONValue {
        try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))))
    }

    func json(_ name: String) throws -> JSONValue { try Self.json("\(output)/\(name)") }

    /// The log's records without what measures time.
    func history() throws -> [JSONObject] {
        try #require(json("trainer_state.json")["log_history"]?.array).compactMap(\.object).map(Self.timeless)
    }

    static func timeless(_ record: JSONObject) -> JSONObject {
        JSONObject(record.filter { !$0.key.hasSuffix("_runtime") && !$0.key.hasSuffix("_per_second") })
    }

    /// Goes on from each checkpoint of a run and expects the weights and records of the unbroken one.
    static func expectEveryCheckpointLeadsToTheSameEnd(
        _ name: String, _ overrides: [String], weights: String = "model.safetensors"
    ) throws {
        let (whole, saving) = (RunFixture(), ["save_strategy=steps", "save_steps=1"])
        let total = try whole.run(name, saving + overrides).step
        let (expected, history) = (try whole.bytes(weights), try whole.history())
        for step in 1..<total {
            let resumed = RunFixture()
            let checkpoint = "\(whole.output)/checkpoint-\(step)"
            try resumed.run(name, saving + overrides + ["resume_from_checkpoint=\(checkpoint)"])
            #expect(try resumed.bytes(weights) == expected, "from step \(step)")
            #expect(try resumed.history().dropLast() == history.dropLast(), "from step \(step)")
        }
    }
}
