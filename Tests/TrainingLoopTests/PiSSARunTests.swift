import Foundation
import JSONDocuments
import Tensors
import Testing
import TrainingLoop
import WeightFiles

/// Runs whose adapter starts from the weights.
struct PiSSARunTests {
    private func weights(_ overrides: [String]) throws -> [UInt8] {
        let fixture = RunFixture()
        try fixture.run("sft-pissa", ["max_steps=2", "pissa_convert=false"] + overrides)
        return try fixture.bytes("adapter_model.safetensors")
    }

    @Test func everyParameterActs() throws {
        let exact = try weights([])
        #expect(try weights(["pissa_iter=1"]) != exact)
        #expect(try weights(["pissa_iter=1"]) != weights(["pissa_iter=2"]))
        #expect(try weights(["pissa_init=false"]) != exact)
    }

    /// The steps are LLaMA-Factory's, and the converted adapter adds the same to the weights.
    @Test func agreesWithReference() throws {
        let (fixture, reference) = (RunFixture(), "\(RunFixture.folder)/runs/sft-pissa")
        var notes: [String] = []
        try fixture.run("sft-pissa") { if case .note(let text) = $0 { notes.append(text) } }
        let theirs = try #require(RunFixture.json("\(reference)/trainer_state.json")["log_history"]?.array)
        let ours = try #require(fixture.json("trainer_state.json")["log_history"]?.array)
        try #require(ours.count == theirs.count)
        for (our, their) in zip(ours, theirs) {
            for key in ["loss", "grad_norm", "train_loss"] {
                guard let expected = their[key]?.double else { continue }
                #expect(abs(try #require(our[key]?.double) - expected) <= 1e-4 * expected, "\(key)")
            }
        }
        let expected = try SafetensorsFile(path: "\(reference)/final_adapter_model.safetensors")
        for folder in ["", "pissa_converted/"] {
            let found = try SafetensorsFile(path: "\(fixture.output)/\(folder)adapter_model.safetensors")
            #expect(Set(found.records.map(\.name)) == Set(expected.records.map(\.name)))
            for record in expected.records where record.name.hasSuffix("lora_A.weight") {
                let (left, right) = (try product(found, record.name), try product(expected, record.name))
                let largest = right.reduce(0) { max($0, abs($1)) }
                #expect(zip(left, right).allSatisfy { abs($0 - $1) <= 1e-3 * largest }, "\(record.name)")
            }
        }
        let configuration = try fixture.json("adapter_config.json")
        #expect(configuration["r"]?.integer == 8 && configuration["init_lora_weights"] == true)
        #expect(abs(try #require(configuration["lora_alpha"]?.double) - 4 * 2.0.squareRoot()) < 1e-12)
        for (folder, word) in [
            ("pissa_init", "began"), ("pissa_backup", "trained pair"), ("pissa_converted", "ordinary"),
        ] {
            #expect(notes.contains { $0.contains("/\(folder) holds") && $0.contains(word) })
            #expect(FileManager.default.fileExists(atPath: "\(fixture.output)/\(folder)/adapter_config.json"))
        }
        #expect(notes.contains { $0.contains("use this one") })
    }

    private func product(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
        let (a, b) = (
            try file.tensor(named: name), try file.tensor(named: name.replacingOccurrences(of: "_A.", with: "_B."))
        )
        let result = Tensor(uninitialized: [b.rows, a.columns])
        try result.setToProduct(of: b, leftTransposed: false, and: a)
        return result.array
    }

    /// A checkpoint holds the start, so that going on needs no decomposition to come out the same.
    @Test(arguments: [["lora_dropout=0.2"], ["pissa_iter=2", "additional_target=model.norm"]])
    func resumingChangesNoBit(overrides: [String]) throws {
        let (whole, resumed) = (RunFixture(), RunFixture())
        let settings = ["max_steps=4", "save_strategy=steps", "save_steps=1"] + overrides
        try whole.run("sft-pissa", settings)
        try resumed.run("sft-pissa", settings + ["resume_from_checkpoint=\(whole.output)/checkpoint-2"])
        for file in ["", "pissa_init/", "pissa_backup/"].map({ $0 + "adapter_model.safetensors" }) {
            #expect(try resumed.bytes(file) == whole.bytes(file), "\(file)")
        }
    }
}
