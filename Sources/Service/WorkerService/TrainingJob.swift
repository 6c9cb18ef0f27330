import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tensors
import TrainingLoop

/// One job of the daemon: `worker.train`.
struct TrainingJob: TrainingWork {
    private let parameters: WorkerTrain.Parameters

    init(_ parameters: WorkerTrain.Parameters) { self.parameters = parameters }

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        let events = TrainingJobEvents(send: send)
        let configuration = try parameters.config.configuration(overrides: parameters.overrides)
        if parameters.threads > 0 { try ComputePool.configure(threads: parameters.threads) }
        let blas = try BLAS.load()
        events.take(.note("OpenBLAS \(blas.coreName), \(ComputePool.shared.threads) threads"))
        if let requested = blas.requestedCoreType, requested.lowercased() != blas.coreName.lowercased() {
            events.take(
                .note(
                    "OpenBLAS uses its kernels for \(blas.coreName) although \(requested) was asked for; "
                        + "products may be slow"))
        }
        for note in configuration.notes { events.take(.note(note)) }
        let run = TrainingRun(
            configuration: configuration,
            paths: PathResolver(configuration, workingDirectory: parameters.workingDirectory),
            identifier: try parameters.config.runIdentifier(
                job: parameters.job, parameters.overrides, parameters.workingDirectory),
            isContinuation: parameters.attempt > 1, keepBelow: parameters.keepBelowBytes)
        defer { events.tellLastStep() }
        let outcome = try run.run(control: control) { events.take($0) }
        return try JSONValue(
            encoding: WorkerTrain.Result(
                outcome: outcome.isFinished ? "finished" : "stopped", metrics: outcome.metrics))
    }
}

extension ConfigurationSource {
    /// What a job's outputs carry, so that a later attempt knows its own: the job's number alone would not tell the
    /// jobs of two daemons apart.
    func runIdentifier(job: String, _ overrides: [String], _ workingDirectory: String?) throws -> String {
        let source = try JSONValue(encoding: self).serialized() + overrides.joined(separator: "\n")
        return "job-\(job)-\(FileHash.of(source + (workingDirectory ?? "")).prefix(12))"
    }

    /// Reads the configuration, validated by whoever uses it.
    func configuration(overrides: [String]) throws -> RunConfiguration {
        if let text {
            return try RunConfiguration.parse(yaml: text, name: name ?? "configuration", overrides: overrides)
        }
        return try RunConfiguration.parse(
            object: ConfigurationValue(JSONValue.object(object ?? [:])), overrides: overrides)
    }
}

extension ConfigurationValue {
    fileprivate init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let items): self = .list(items.map { ConfigurationValue($0) })
        case .object(let object):
            self = .mapping(object.map { Entry($0.key, ConfigurationValue($0.value)) })
        }
    }
}
