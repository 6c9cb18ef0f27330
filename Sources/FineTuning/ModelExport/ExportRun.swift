import Checkpoints
import Adapters
import ChatTemplates
package import JSONDocuments
import LanguageModels
import LinuxSystem
package import RunConfiguration
import Tensors
import TextGeneration
import Tokenization
package import TrainingLoop
import WeightFiles

/// An export: merges adapters into their base and writes the model, proven, into `export_dir`.
///
/// A folder is either as it was or complete. What a run that was killed has written whole is used by the next one.
package struct ExportRun {
    private let configuration: RunConfiguration
    private let paths: PathResolver
    private let control: TrainingControl
    private let report: (Event) -> Void

    package enum Event {
        case note(String)
        case phase(String, totalSteps: Int)
        /// Files that are there, of those that will be.
        case progress(files: Int, of: Int)
        /// Blocks of the model that are quantized.
        case quantized(blocks: Int, of: Int)
    }

    package struct Outcome {
        /// False for one that was stopped, which goes on from what it has written.
        package var isFinished: Bool
        package var figures: JSONObject
    }

    /// - Parameter configuration: validated for exporting
    package init(
        _ configuration: RunConfiguration, paths: PathResolver, control: TrainingControl,
        report: @escaping (Event) -> Void
    ) {
        self.configuration = configuration
        self.paths = paths
        self.control = control
        self.report = report
    }

    package func run() throws -> Outcome {
        let target = try paths.absolute(configuration[Parameters.exportDir] ?? "", parameter: "export_dir")
        let origin = try ExportOrigin(configuration, paths: paths) { report(.note($0)) }
        try origin.requireDifferent(from: target)
        try requireReplaceable(target)
        let formats = ExportFormats.wanted(by: configuration)
        var folder: ExportFolder?
        let quantizing = try quantizing(origin)
        let source =
            quantizing?.source(
                of: origin.source, dataset: configuration[Parameters.exportQuantizationDataset] ?? "", in: { folder })
            ?? origin.source
        for note in try formats.flatMap({ try $0.notes(of: source, configuration) }) { report(.note(note)) }
        var files = try formats.flatMap { try $0.files(of: source, configuration) }
        files += try origin.companions(of: source)
        do {
            folder = try ExportFolder(path: target, fingerprint: fingerprint(origin, formats))
        } catch {
            throw OutputFolder.failure(error, path: target, needed: 0)
        }
        guard let folder else { return Outcome(isFinished: false, figures: [:]) }
        if !folder.isProven {
            if let quantizing, try !quantize(quantizing, in: folder) { return Outcome(isFinished: false, figures: [:]) }
            guard try write(files, into: folder) else { return Outcome(isFinished: false, figures: [:]) }
            try prove(origin, formats, folder)
        }
        let names = Set(files.map(\.name))
        try folder.publish { file in
            !names.contains(file) && ExportFormats.all.contains { $0.owns(file) }
        }
        let bytes = folder.files.reduce(0) { $0 + $1.size }
        return Outcome(
            isFinished: true,
            figures: [
                "files": .integer(Int64(folder.files.count)), "bytes": .integer(Int64(bytes)),
                "tensors": .integer(Int64(source.tensors.count)),
            ])
    }

    private func quantizing(_ origin: ExportOrigin) throws -> GPTQExport? {
        guard let bits = configuration[Parameters.exportQuantizationBit] else { return nil }
        guard let tokenizer = origin.source.tokenizer else {
            throw ExportError.noTokenizer(for: "`export_quantization_bit`")
        }
        return GPTQExport(
            bits: bits, model: try origin.mergedModel(),
            samples: try CalibrationTexts.samples(configuration, tokenizer, paths: paths))
    }

    /// - Returns: false when it was stopped
    private func quantize(_ quantizing: GPTQExport, in folder: ExportFolder) throws -> Bool {
        report(.phase("quantizing", totalSteps: quantizing.blockCount))
        return try quantizing.run(in: folder) { blocks, count in
            report(.quantized(blocks: blocks, of: count))
            return !control.isStopping
        }
    }

    /// A folder with a model that no export has written is not replaced unasked.
    private func requireReplaceable(_ target: String) throws {
        guard !configuration[Parameters.overwriteOutputDir],
            !FileSystem.isFile("\(target)/\(ExportFolder.reportName)"),
            !FileSystem.isDirectory("\(target)/\(ExportFolder.partialName)"),
            let file = (try? FileSystem.entries(of: target))?.first(where: { name in
                name == ModelFiles.configuration || name == Adapter.weightsName
                    || ExportFormats.all.contains { $0.owns(name) }
            })
        else { return }
        throw ExportError.targetHoldsModel(path: target, file: file)
    }

    /// Everything that decides what the files will hold.
    private func fingerprint(_ origin: ExportOrigin, _ formats: [any ExportFormat.Type]) -> String {
        FileHash.of(
            ([configuration.explicitValues.description, "\(formats)"] + origin.folders.map(Self.identity))
                .joined(separator: "\n"))
    }

    /// The files of a folder with their sizes and times.
    private static func identity(of folder: String) -> String {
        let names = (try? FileSystem.entries(of: folder)) ?? []
        return names.map { "\(folder)/\($0) \(FileSystem.version(of: "\(folder)/\($0)"))" }.joined(separator: "\n")
    }

    /// - Returns: false when it was stopped
    private func write(_ files: [ExportFile], into folder: ExportFolder) throws -> Bool {
        report(.phase("exporting", totalSteps: files.count))
        var missing: [ExportFile] = []
        for file in files where try !folder.holds(file) { missing.append(file) }
        let done = files.count - missing.count
        if done > 0 { report(.note("goes on behind \(done) of \(files.count) files that are there already")) }
        try folder.requireSpace(missing.reduce(0) { $0 + $1.byteCount })
        for (number, file) in missing.enumerated() {
            if control.isStopping { return false }
            try folder.write(file)
            report(.progress(files: done + number + 1, of: files.count))
        }
        return true
    }

    /// Reads again what was written, and holds its answers against those of what it was made from.
    private func prove(_ origin: ExportOrigin, _ formats: [any ExportFormat.Type], _ folder: ExportFolder) throws {
        var summary = ExportReport(
            model: configuration[Parameters.modelNameOrPath] ?? "",
            adapters: configuration[Parameters.adapterNameOrPath] ?? [], format: origin.source.format.rawValue,
            files: folder.files)
        if configuration[Parameters.exportVerify] {
            report(.phase("verifying", totalSteps: formats.count))
            summary.text = try origin.comparedText(with: folder.partialPath)
            let prompts = try origin.prompts()
            let original = try origin.subject()
            let perplexity = try origin.perplexity(configuration, workingDirectory: paths.workingDirectory)
            let expected = try perplexity?.value(of: original)
            summary.comparisons = try formats.map { format in
                let file = try format.written(in: folder.partialPath)
                let written = ExportProof.Subject(file.model, forgetPages: file.forgetPages)
                let proof = ExportProof(
                    prompts: prompts, format: format.rounding(origin.source.format, configuration))
                var comparison = try proof.compare(original, written)
                if let perplexity, let expected {
                    comparison.perplexities = (expected, try perplexity.value(of: written))
                }
                if let problem = comparison.problem {
                    try folder.discard()
                    throw ExportError.differs(what: problem)
                }
                return ("\(format)", comparison)
            }
        }
        try folder.write(summary.file)
        try folder.noteProof()
    }
}
