import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import ModelExport
import RunConfiguration
import Testing
import TrainingLoop
import WeightFiles

/// A folder to export into, beside the models and adapters of other tests' fixtures.
final class ExportFixture {
    let folder: String

    /// A base and adapters that PEFT has saved for it, with the reference's scores.
    static let adapters = tests.appendingPathComponent("AdaptersTests/Fixtures").path
    /// A model with a tokenizer.
    static let training = tests.appendingPathComponent("TrainingLoopTests/Fixtures").path

    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("export-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var target: String { "\(folder)/exported" }

    static func configuration(_ model: String, _ adapters: [String], _ target: String, _ more: [String]) throws
        -> RunConfiguration
    {
        var entries = ["model_name_or_path=\(model)", "export_dir=\(target)"]
        if !adapters.isEmpty { entries.append("adapter_name_or_path=\(adapters.joined(separator: ","))") }
        return try RunConfiguration.parse(object: .mapping([]), overrides: entries + more).validated(for: .export)
    }

    @discardableResult
    func export(
        _ model: String = "\(adapters)/base", _ names: [String] = [], _ more: String...,
        control: TrainingControl = TrainingControl(), notes: (String) -> Void = { _ in }
    ) throws -> ExportRun.Outcome {
        let configuration = try Self.configuration(model, names.map { "\(Self.adapters)/\($0)" }, target, more)
        return try withoutActuallyEscaping(notes) { notes in
            try ExportRun(configuration, paths: PathResolver(workingDirectory: folder), control: control) { event in
                if case .note(let text) = event { notes(text) }
            }.run()
        }
    }

    func json(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: MappedFile.contents(of: "\(target)/\(name)"))
    }

    func entries() throws -> [String] { try FileSystem.entries(of: target) }

    func model() throws -> DecoderModel { try DecoderModel.load(directory: target) }
}
