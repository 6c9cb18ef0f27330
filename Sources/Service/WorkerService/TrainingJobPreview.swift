import Datasets
import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tokenization
import TrainingLoop

/// Prepares a run's data and writes its items to a descriptor: `worker.preview`.
struct TrainingJobPreview: TrainingWork {
    private let parameters: DatasetPreview.Parameters
    private let output: Int32?

    /// Items that people are shown unless they name one.
    private static let shownItems = 3
    /// Items whose lines are put together before they are written.
    private static let window = 2048

    /// - Parameter output: what came with the request; the first is written to, all are taken over
    init(_ parameters: DatasetPreview.Parameters, output: [Int32]) throws {
        for descriptor in output.dropFirst() { close(descriptor) }
        guard output.first != nil || parameters.format == DatasetPreview.Format.none else {
            throw ServiceError(
                .badRequest, "the request carries no descriptor to write to",
                hint: "send one with SCM_RIGHTS, as `tunectl data preview` does")
        }
        self.parameters = parameters
        self.output = output.first
    }

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        let file = output.map { PreviewOutput(FileDescriptor(owning: $0), control: control) }
        let configuration = try parameters.config.configuration(overrides: parameters.overrides ?? [])
            .validated(for: .data)
        let stage = configuration[Parameters.stage]
        let paths = PathResolver(configuration, workingDirectory: parameters.workingDirectory)
        let folder = try paths.modelFolder(
            configuration[Parameters.modelNameOrPath] ?? "", parameter: "model_name_or_path")
        let text = try RunTokenizer(configuration, modelFolder: folder, paths: paths)
        // Before the data, which may take long to prepare.
        let modelNotes = try modelNotes(configuration, modelFolder: folder, paths)
        let data = try prepareData(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template, stage: stage,
            workingDirectory: paths.dataDirectory(of: configuration)
        ) { _, _ in
            if control.isStopping { throw ServiceError(.cancelled, "the preview was cancelled") }
        }
        let isEvaluation = parameters.split == "eval"
        let items = isEvaluation ? data.evaluations.flatMap(\.items) : data.training
        if let row = parameters.row, !(1...max(1, items.count)).contains(row) || items.isEmpty {
            throw ServiceError(
                .badRequest,
                "there is no item \(row): the \(isEvaluation ? "evaluation" : "training") data has "
                    + "\(items.count), counted from 1", field: "row")
        }
        let parts = [data.report.training].compactMap { $0 } + data.report.evaluations
        if let file {
            let taken = parameters.row.map { items[$0 - 1..<$0] } ?? items[...]
            if parameters.format == .text {
                let preview = PreviewText(
                    tokenizer: text.tokenizer, usesColor: parameters.color ?? false,
                    columns: parameters.columns ?? 80)
                let shown = isEvaluation ? data.report.evaluations : [data.report.training].compactMap { $0 }
                try write(taken, of: items.count, shown, data.report, by: preview, to: file)
            } else {
                let lines = ItemLines(stage: stage, paddingID: text.tokenizer.padTokenID ?? 0)
                for start in stride(from: taken.startIndex, to: taken.endIndex, by: Self.window) {
                    let end = min(start + Self.window, taken.endIndex)
                    guard try file.write(lines.bytes(of: taken[start..<end])) else { break }
                }
            }
        }
        return try JSONValue(
            encoding: DatasetPreview.Result(
                items: items.count, notes: text.warnings + modelNotes + data.report.lines,
                warnings: text.warnings + modelNotes + (data.report.warnings ?? []) + parts.flatMap(\.warnings),
                parts: parts.map(Self.figures)))
    }

    /// What the run would say of its model, where that is asked for and its files can be read in their places.
    private func modelNotes(
        _ configuration: RunConfiguration, modelFolder: String, _ paths: PathResolver
    ) throws -> [String] {
        guard parameters.checksModel == true, parameters.files?.isEmpty ?? true else { return [] }
        return try ModelCheck(configuration.validated(for: .training), modelFolder: modelFolder, paths: paths).notes
    }

    private func write(
        _ items: ArraySlice<PreparedItem>, of count: Int, _ parts: [DataReport.Part], _ report: DataReport,
        by preview: PreviewText, to file: borrowing PreviewOutput
    ) throws {
        var text = ""
        if parameters.row == nil {
            for part in parts { text += preview.summary(report, part) }
        }
        text += preview.legend
        for index in items.indices.prefix(Self.shownItems) {
            text += try preview.item(items[index], number: index + 1, of: count)
        }
        _ = try file.write(Array(text.utf8))
    }

    private static func figures(_ part: DataReport.Part) -> DatasetPreview.Part {
        DatasetPreview.Part(
            name: part.name, rows: part.rows, items: part.items, tokens: part.tokens,
            trainedTokens: part.labelledTokens, fullyMasked: part.itemsWithoutLabels, truncated: part.truncatedItems,
            duplicates: part.duplicates, dropped: part.drops.reduce(0) { $0 + $1.count },
            lengths: LengthHistogram(part.lengths).bars.map { bar in
                [
                    "from": .integer(Int64(bar.range.lowerBound)), "to": .integer(Int64(bar.range.upperBound)),
                    "rows": .integer(Int64(bar.count)),
                ]
            })
    }
}

/// The client's descriptor, which may be a pipe that nobody empties for a while or reads to the end.
private struct PreviewOutput: ~Copyable {
    private let file: FileDescriptor
    private let control: TrainingControl

    init(_ file: consuming FileDescriptor, control: TrainingControl) {
        self.file = file
        self.control = control
    }

    /// - Returns: false when the reader has gone, which is no error
    func write(_ bytes: [UInt8]) throws -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            if control.isStopping { throw ServiceError(.cancelled, "the preview was cancelled") }
            var waiting = pollfd(fd: file.number, events: Int16(POLLOUT), revents: 0)
            // A second at a time, so that cancelling is seen while nobody reads.
            guard poll(&waiting, 1, 1000) > 0 else { continue }
            let count = rest.prefix(1 << 16).withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EPIPE {
                return false
            } else if count < 0, errno != EAGAIN, errno != EINTR {
                let error = SystemError("write")
                throw ServiceError(
                    error.isDiskFull ? .diskFull : .inputOutput, "the preview's output cannot be written: \(error)")
            }
        }
        return true
    }
}
