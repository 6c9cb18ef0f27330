import Datasets
import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import TrainingLoop

/// Writes every item of a run to a descriptor, one JSON line each: `worker.preview`.
struct TrainingJobPreview: TrainingWork {
    private let parameters: DatasetPreview.Parameters
    private let output: Int32

    /// - Parameter output: what came with the request; the first is written to, all are taken over
    init(_ parameters: DatasetPreview.Parameters, output: [Int32]) throws {
        for descriptor in output.dropFirst() { close(descriptor) }
        guard let first = output.first else {
            throw ServiceError(
                .badRequest, "the request carries no descriptor to write to",
                hint: "send one with SCM_RIGHTS, as `tunectl data preview` does")
        }
        self.parameters = parameters
        self.output = first
    }

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        let file = FileDescriptor(owning: output)
        let configuration = try parameters.config.configuration(overrides: parameters.overrides ?? [])
            .validated(for: .training)
        let stage = configuration[Parameters.stage]
        let paths = PathResolver(workingDirectory: parameters.workingDirectory)
        let folder = try paths.modelFolder(
            configuration[Parameters.modelNameOrPath] ?? "", parameter: "model_name_or_path")
        let text = try RunTokenizer(configuration, modelFolder: folder)
        let data = try prepareData(
            configuration: configuration, tokenizer: text.tokenizer, template: text.template, stage: stage,
            workingDirectory: parameters.workingDirectory ?? "/"
        ) { _, _ in
            if control.isStopping { throw ServiceError(.cancelled, "the preview was cancelled") }
        }
        let items = parameters.split == "eval" ? data.evaluation ?? [] : data.train
        var lines: [UInt8] = []
        for item in items {
            lines += item.preview(stage: stage).serializedBytes(.spaced) + [UInt8(ascii: "\n")]
            if lines.count >= 1 << 16 {
                if control.isStopping { throw ServiceError(.cancelled, "the preview was cancelled") }
                try file.writeAll(lines, subject: "the preview's output")
                lines = []
            }
        }
        try file.writeAll(lines, subject: "the preview's output")
        return try JSONValue(
            encoding: DatasetPreview.Result(items: items.count, notes: text.warnings + data.report.lines))
    }
}
