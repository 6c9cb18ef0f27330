import JSONDocuments
import LinuxSystem
import ModelExport
import RunConfiguration
import ServiceAPI
import Tensors
import TrainingLoop

/// One export of the daemon: `worker.export`.
struct ExportJob: TrainingWork {
    private let parameters: WorkerTrain.Parameters

    init(_ parameters: WorkerTrain.Parameters) { self.parameters = parameters }

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        let configuration = try parameters.config.configuration(overrides: parameters.overrides)
            .validated(for: .export)
        if parameters.threads > 0 { try ComputePool.configure(threads: parameters.threads) }
        _ = try BLAS.load()
        let start = MonotonicClock.seconds
        let paths = PathResolver(configuration, workingDirectory: parameters.workingDirectory)
        func progress(_ phase: String, _ step: Int, _ total: Int) {
            send(
                WorkerEvent(
                    kind: .progress,
                    fields: [
                        "phase": .string(phase), "step": .integer(Int64(step)), "total_steps": .integer(Int64(total)),
                        "elapsed": .number(MonotonicClock.seconds - start),
                    ]))
        }
        let outcome = try ExportRun(configuration, paths: paths, control: control) { event in
            switch event {
            case .note(let text):
                WorkerLog.write(text)
                send(WorkerEvent(kind: .note, fields: ["message": .string(text)]))
            case .phase(let name, let total):
                send(
                    WorkerEvent(kind: .phase, fields: ["phase": .string(name), "total_steps": .integer(Int64(total))]))
            case .progress(let files, let total): progress("exporting", files, total)
            case .quantized(let blocks, let total): progress("quantizing", blocks, total)
            }
        }.run()
        return try JSONValue(
            encoding: WorkerTrain.Result(
                outcome: outcome.isFinished ? "finished" : "stopped", metrics: outcome.figures))
    }
}
