import Foundation
import JSONDocuments
import LinuxSystem
import ModelExport
import RunConfiguration
import Testing
import TrainingLoop

@Suite struct ExportFolderTests {
    private static let model = ExportFixture.training + "/model"

    /// Stopped at each moment it can be: no loader takes the folder for a model, and the next run goes on.
    @Test func goesOnBehindTheLastFile() throws {
        for look in 1...3 {
            let fixture = try ExportFixture()
            let stopped = try fixture.export(
                Self.model, [], "template=qwen", "infer_dtype=float32",
                control: TrainingControl { $0 > look })
            #expect(!stopped.isFinished)
            #expect(try fixture.entries() == [".export"])
            var notes: [String] = []
            let outcome = try fixture.export(
                Self.model, [], "template=qwen", "infer_dtype=float32", notes: { notes.append($0) })
            #expect(outcome.isFinished && notes.contains { $0.hasPrefix("goes on behind \(look) of") })
            #expect(try !fixture.entries().contains(".export"))
        }
    }

    /// What is not whole any more, or was made otherwise, is made again.
    @Test func trustsNoDamagedFile() throws {
        let fixture = try ExportFixture()
        func export(_ type: String, stopping: Bool) throws -> [String] {
            var notes: [String] = []
            try fixture.export(
                Self.model, [], "template=qwen", "infer_dtype=\(type)",
                control: TrainingControl { look in stopping && look > 2 }, notes: { notes.append($0) })
            return notes.filter { $0.hasPrefix("goes on") }
        }
        #expect(try export("float32", stopping: true).isEmpty)
        let weights = fixture.target + "/.export/model.safetensors"
        var bytes = try MappedFile.contents(of: weights)
        bytes[bytes.count - 1] ^= 1
        try AtomicFile.write(bytes, to: weights)
        #expect(try export("float32", stopping: true) == ["goes on behind 1 of 7 files that are there already"])
        #expect(try export("bfloat16", stopping: true).isEmpty)
        #expect(try export("bfloat16", stopping: false).count == 1)
        #expect(try fixture.json("config.json")["dtype"] == "bfloat16")
    }

    /// An export over an earlier one leaves nothing of it.
    @Test func replacesAnEarlierExport() throws {
        let fixture = try ExportFixture()
        try fixture.export(Self.model, [], "template=qwen", "infer_dtype=float32")
        for name in ["model-00001-of-00002.safetensors", "model.safetensors.index.json", "notes.txt"] {
            try AtomicFile.write("left over", to: fixture.target + "/" + name)
        }
        try fixture.export(Self.model, [], "template=qwen", "infer_dtype=float16")
        let names = try fixture.entries()
        #expect(names.contains("notes.txt") && !names.contains { $0.contains("-of-") || $0.contains("index") })
        #expect(try fixture.json("config.json")["dtype"] == "float16")
    }

    @Test func refusesFoldersThatHoldSomethingElse() throws {
        let fixture = try ExportFixture()
        let files = FileManager.default
        try files.copyItem(atPath: Self.model, toPath: fixture.target)
        #expect {
            try fixture.export(fixture.target, [], "template=qwen")
        } throws: {
            "\($0)".contains("is the folder that `model_name_or_path` is read from")
        }
        #expect {
            try fixture.export(Self.model, [], "template=qwen")
        } throws: {
            "\($0)".contains("which no export has written") && "\($0)".contains("overwrite_output_dir")
        }
        try fixture.export(Self.model, [], "template=qwen", "overwrite_output_dir=true", "infer_dtype=float16")
        #expect(try fixture.json("config.json")["dtype"] == "float16")
        try files.removeItem(atPath: fixture.target)
        try files.copyItem(atPath: ExportFixture.adapters + "/plain", toPath: fixture.target)
        let configuration = try ExportFixture.configuration(
            ExportFixture.adapters + "/base", [fixture.target], fixture.target, ["overwrite_output_dir=true"])
        #expect {
            try ExportRun(
                configuration, paths: PathResolver(workingDirectory: nil), control: TrainingControl()
            ) { _ in }.run()
        } throws: {
            "\($0)".contains("`adapter_name_or_path` is read from")
        }
    }

    /// A target that cannot be written, a base that is not there.
    @Test func tellsWhatIsWrongWithPlaces() throws {
        let fixture = try ExportFixture()
        #expect { try fixture.export(fixture.folder + "/nowhere") } throws: { "\($0)".contains("nowhere") }
        try AtomicFile.write("a file", to: fixture.target)
        #expect { try fixture.export(Self.model, [], "template=qwen") } throws: { "\($0)".contains(fixture.target) }
    }

    @Test func rulesOfConfigurations() {
        func problem(_ overrides: String...) -> String {
            let parsed = RunConfiguration.read(object: .mapping([]), overrides: overrides).configuration
            return parsed.problems(for: .export).map(\.description).joined(separator: "; ")
        }
        #expect(problem("model_name_or_path=m").contains("export_dir"))
        #expect(
            problem("model_name_or_path=m", "export_dir=e", "adapter_name_or_path=a", "finetuning_type=full")
                .contains("finetuning_type"))
        #expect(problem("model_name_or_path=m", "export_dir=e", "quantization_bit=4").contains("quantiz"))
        #expect(problem("model_name_or_path=m", "export_dir=e", "train_from_scratch=true").contains("random weights"))
        #expect(problem("model_name_or_path=m", "export_dir=e", "infer_dtype=bfloat16") == "")
        let training = RunConfiguration.read(object: .mapping([]), overrides: ["export_dir=e", "do_train=true"])
        #expect(training.configuration.usualPurpose == .training)
        #expect(training.configuration.notes.contains { $0.contains("`export_dir` does nothing in a run that trains") })
        let export = RunConfiguration.read(object: .mapping([]), overrides: ["export_dir=e"])
        #expect(export.configuration.usualPurpose == .export && export.configuration.notes.isEmpty)
    }
}
