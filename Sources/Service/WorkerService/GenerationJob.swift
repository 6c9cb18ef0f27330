import Checkpoints
import Glibc
import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tensors
import TrainingLoop
import WeightFiles

/// A long batch of generations: `worker.generate_batch`. One line of the input gives one line of the output, in order.
struct GenerationJob: TrainingWork {
    /// Lines are forced to the disk this often.
    private static let syncInterval = 1.0

    private let parameters: WorkerGenerateBatch.Parameters

    init(_ parameters: WorkerGenerateBatch.Parameters) { self.parameters = parameters }

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        let configuration = try parameters.config.configuration(overrides: parameters.overrides)
            .validated(for: .inference)
        if parameters.threads > 0 { try ComputePool.configure(threads: parameters.threads) }
        _ = try BLAS.load()
        let paths = PathResolver(configuration, workingDirectory: parameters.workingDirectory)
        let input = try JSONLinesInput(path: SubstituteFiles.path(for: parameters.input))
        let folder = try OutputFolder(
            path: paths.absolute(configuration[Parameters.outputDir], parameter: "output_dir"))
        let request = try requestParameters(configuration)
        let output = try GeneratedLines(
            in: folder,
            run: parameters.config.runIdentifier(
                job: parameters.job, parameters.overrides + [parameters.input], parameters.workingDirectory),
            input: input.hash, isContinuation: parameters.attempt > 1,
            overwrites: configuration[Parameters.overwriteOutputDir])
        let done = output.count
        let requests = ModelRequests()
        if done > 0 { note("goes on behind line \(done)", send) }
        send(WorkerEvent(kind: .phase, fields: ["phase": "generating", "total_steps": .integer(Int64(input.count))]))

        var told: Set<String> = []
        func warn(_ warnings: JSONValue?) {
            for warning in warnings?.array ?? [] {
                if let text = warning.string, told.insert(text).inserted { note(text, send) }
            }
        }
        let exchange = ModelRequests.Exchange(progress: { _ in }, isCancelled: { control.isStopping })
        let start = MonotonicClock.seconds
        var lastSync = start
        for line in input.lines.dropFirst(done) {
            if control.isStopping { break }
            let answer = self.answer(line, request, requests, exchange, warn)
            // Cut off by the stop: it is done again as a whole.
            if control.isStopping { break }
            try output.append(answer)
            let now = MonotonicClock.seconds
            if now - lastSync >= Self.syncInterval || output.count == input.count {
                lastSync = now
                try output.synchronize()
                progress(output.count, of: input.count, new: output.count - done, elapsed: now - start, send)
            }
        }
        try output.synchronize()
        return try JSONValue(
            encoding: WorkerTrain.Result(
                outcome: output.count == input.count ? "finished" : "stopped",
                metrics: ["lines": .integer(Int64(output.count)), "errors": .integer(Int64(output.errors))]))
    }

    /// What every line's request has in common: model, adapter and the generation's parameters.
    private func requestParameters(_ configuration: RunConfiguration) throws -> JSONObject {
        var request: JSONObject = ["model": .string(configuration[Parameters.modelNameOrPath] ?? "")]
        let adapters = configuration[Parameters.adapterNameOrPath] ?? []
        guard adapters.count <= 1 else {
            throw ServiceError(
                .badConfig, "a generation uses one adapter, not \(adapters.count)", field: "adapter_name_or_path")
        }
        if let adapter = adapters.first { request["adapter"] = .string(adapter) }
        if let directory = parameters.workingDirectory { request["working_directory"] = .string(directory) }
        let own: Set = ["model_name_or_path", "adapter_name_or_path", "output_dir", "overwrite_output_dir", "seed"]
        var overrides: [JSONValue] = []
        if case .mapping(let entries) = configuration.explicitValues {
            for entry in entries where !own.contains(entry.key) {
                overrides.append(.string("\(entry.key)=\(entry.value)"))
            }
        }
        let (settings, others) = try ModelSettings.taken(from: overrides.compactMap(\.string))
        if settings != .none { request[WorkerMethod.modelSettings] = .array(settings.overrides.map(JSONValue.string)) }
        overrides = others.map(JSONValue.string)
        // Without a seed of its own each attempt would sample something else.
        overrides.append(.string("seed=\(configuration[Parameters.seed])"))
        request["overrides"] = .array(overrides)
        // Wrong parameters end the job, not each of its lines.
        _ = try GenerateSettings(overrides: overrides.compactMap(\.string), model: "model")
        return request
    }

    private func answer(
        _ line: ArraySlice<UInt8>, _ common: JSONObject, _ requests: ModelRequests, _ exchange: ModelRequests.Exchange,
        _ warn: (JSONValue?) -> Void
    ) -> JSONValue {
        do {
            var request = common
            guard let given = try JSONValue(parsing: Array(line)).object else {
                throw ServiceError(.badData, "the line is JSON, but not an object")
            }
            for (name, value) in given {
                guard ["ids", "prompt", "messages", "tools"].contains(name) else {
                    throw ServiceError(
                        .badData, "there is no field `\(name)` here; known are ids, prompt, messages, tools")
                }
                request[name] = value
            }
            let result = try requests.answer(WorkerMethod.generate, .object(request), exchange)
            warn(result["warnings"])
            var shown: JSONObject = [:]
            for name in ["ids", "text", "tool_calls", "finish_reason"] { shown[name] = result[name] }
            return .object(shown)
        } catch {
            var failure = ServiceError(modelFailure: error)
            // A line is data; what is wrong with it is told as `generate --jsonl` does.
            if failure.kind == .badRequest { failure.kind = .badData }
            return ["error": ["kind": .string(failure.kind.rawValue), "message": .string(failure.message)]]
        }
    }

    private func progress(
        _ line: Int, of total: Int, new: Int, elapsed: Double, _ send: (WorkerEvent) -> Void
    ) {
        send(
            WorkerEvent(
                kind: .progress,
                fields: [
                    "phase": "generating", "step": .integer(Int64(line)), "total_steps": .integer(Int64(total)),
                    "elapsed": .number(elapsed),
                    "remaining": .number(elapsed / Double(max(1, new)) * Double(total - line)),
                ]))
    }

    private func note(_ text: String, _ send: (WorkerEvent) -> Void) {
        WorkerLog.write(text)
        send(WorkerEvent(kind: .note, fields: ["message": .string(text)]))
    }
}

/// The lines of a JSON Lines file, without empty ones.
private struct JSONLinesInput {
    let lines: [ArraySlice<UInt8>]
    /// XXH3-128 of the file.
    let hash: String
    var count: Int { lines.count }

    init(path: String) throws {
        let bytes = try MappedFile.contents(of: path, limit: 4 << 30)
        if let name = TextEncoding.foreignName(of: bytes.span) {
            throw ServiceError(
                .badData, "\(path) cannot be read: \(TextEncoding.Failure.foreign(name))", file: path)
        }
        hash = FileHash.of(bytes)
        lines = bytes[TextEncoding.markLength(of: bytes.span)...].split(separator: UInt8(ascii: "\n")).filter { line in
            line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\t") }
        }
        guard !lines.isEmpty else { throw ServiceError(.badData, "\(path) has no lines", file: path) }
    }
}
