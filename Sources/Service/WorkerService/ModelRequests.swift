import Adapters
import ChatTemplates
import JSONDocuments
import LanguageModels
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tensors

/// Answers requests to models, one after another; all work of a resident model's worker happens here.
final class ModelRequests {
    private var models: [Reading: ModelInMemory] = [:]
    private var toldAdapters: [ResidentAdapter] = []

    /// A folder and how it is read.
    private struct Reading: Hashable {
        var directory: String
        var settings: ModelSettings
    }

    /// What a request may do while it is being answered.
    struct Exchange {
        /// Sends a `$/progress` value.
        var progress: (JSONValue) -> Void
        var isCancelled: () -> Bool
    }

    static let methods: Set<String> = [
        WorkerMethod.load, WorkerMethod.loadAdapter, WorkerMethod.unloadAdapter, WorkerMethod.tokenize,
        WorkerMethod.detokenize, WorkerMethod.logProbabilities, WorkerMethod.score,
        WorkerMethod.generate, WorkerMethod.chat, WorkerMethod.info,
    ]

    /// - Throws: `ServiceError` for everything that can go wrong
    func answer(_ method: String, _ parameters: JSONValue?, _ exchange: Exchange) throws -> JSONValue {
        do {
            return try dispatch(method, parameters ?? [:], exchange)
        } catch {
            throw ServiceError(modelFailure: error)
        }
    }

    private func dispatch(_ method: String, _ parameters: JSONValue, _ exchange: Exchange) throws -> JSONValue {
        switch method {
        case WorkerMethod.info: try JSONValue(encoding: info(weightsLoaded: models.values.contains { $0.hasWeights }))
        case WorkerMethod.load: try JSONValue(encoding: load(parameters))
        case WorkerMethod.loadAdapter: try JSONValue(encoding: loadAdapter(parameters))
        case WorkerMethod.unloadAdapter: try JSONValue(encoding: unloadAdapter(parameters))
        case WorkerMethod.tokenize: try JSONValue(encoding: tokenize(parameters))
        case WorkerMethod.detokenize: try JSONValue(encoding: detokenize(parameters))
        case WorkerMethod.logProbabilities: try JSONValue(encoding: logProbabilities(parameters))
        case WorkerMethod.score: try JSONValue(encoding: score(parameters))
        case WorkerMethod.generate: try JSONValue(encoding: generate(parameters, streamsByDefault: false, exchange))
        case WorkerMethod.chat: try JSONValue(encoding: generate(parameters, streamsByDefault: true, exchange))
        default: throw ServiceError(.internalError, "the worker has no method \(method)")
        }
    }

    /// The folder that a name stands for, with what is already in memory of it.
    ///
    /// - Parameter parameters: the request's, which may say how the model is read
    func model(_ name: String, _ workingDirectory: String?, _ parameters: JSONValue) throws -> ModelInMemory {
        let directory = try ModelFolder.locate(name, workingDirectory: workingDirectory)
        let given = parameters[WorkerMethod.modelSettings]?.array?.compactMap(\.string) ?? []
        let reading = Reading(directory: directory, settings: try ModelSettings.taken(from: given).settings)
        if let model = models[reading] { return model }
        let model = ModelInMemory(directory: directory, settings: reading.settings)
        models[reading] = model
        return model
    }

    /// The adapter of one request; nil and an empty name mean none.
    func adapter(_ name: String?, for model: ModelInMemory, _ workingDirectory: String?) throws -> Adapter? {
        try adapterFolder(name, workingDirectory).map(model.adapter)
    }

    /// The folder of the adapter that a request names, if it names one.
    func adapterFolder(_ name: String?, _ workingDirectory: String?) throws -> String? {
        guard let name, !name.isEmpty else { return nil }
        return try ModelFolder.locate(name, workingDirectory: workingDirectory)
    }

    /// What the files that an answer was made from say in vain, behind what the request itself does; nil when nothing.
    func warnings(
        of model: ModelInMemory, adapter: String?, _ workingDirectory: String?, generation: GenerationDefaults? = nil,
        _ ownWarnings: [String] = []
    ) throws -> [String]? {
        var warnings = ownWarnings + model.warnings + (generation?.warnings ?? [])
        if let adapter, !adapter.isEmpty {
            warnings += model.warnings(
                ofAdapter: try ModelFolder.locate(adapter, workingDirectory: workingDirectory))
        }
        return warnings.isEmpty ? nil : warnings
    }

    /// Whether text gets the tokenizer's special tokens: unless told not to, under either name.
    static func addsSpecialTokens(_ parameters: JSONValue) -> Bool {
        (parameters["special_tokens"] ?? parameters["add_special_tokens"])?.bool ?? true
    }

    private func load(_ given: JSONValue) throws -> WorkerInfo {
        let parameters = try given.decoded(as: ModelLoad.Parameters.self)
        let model = try model(parameters.model, parameters.workingDirectory, given)
        // Who asks for a model ahead of any request wants to know that it can be used.
        try model.loadedModel().requireFinite(in: model.directory)
        _ = try adapter(parameters.adapter, for: model, parameters.workingDirectory)
        var info = try info(weightsLoaded: true)
        info.warnings = try warnings(
            of: model, adapter: parameters.adapter, parameters.workingDirectory,
            generation: GenerationDefaults(
                directory: model.directory, configuration: model.loadedModel().configuration))
        return info
    }

    private func loadAdapter(_ parameters: JSONValue) throws -> ResidentAdapter {
        let request = try parameters.decoded(as: AdapterLoad.Parameters.self)
        let model = try model(request.model, request.workingDirectory, parameters)
        let directory = try ModelFolder.locate(request.adapter, workingDirectory: request.workingDirectory)
        return ResidentAdapter(try model.adapter(directory), path: directory, model: model.directory)
    }

    private func unloadAdapter(_ parameters: JSONValue) throws -> ResidentAdapter {
        let request = try parameters.decoded(as: AdapterUnload.Parameters.self)
        // Neither folder has to be there any more.
        let model = models.first { $0.key.directory == request.model && $0.value.holds(request.adapter) }?.value
        guard let model, let held = model.heldAdapters.first(where: { $0.adapter == request.adapter }),
            model.removeAdapter(request.adapter)
        else { throw ServiceError(.notFound, "\(request.adapter) is not loaded with \(request.model)") }
        return held
    }

    /// The adapters in memory when they are others than at the last call.
    func takeAdapterChange() -> [ResidentAdapter]? {
        let held = models.sorted {
            ($0.key.directory, $0.key.settings.overrides.joined()) < (
                $1.key.directory, $1.key.settings.overrides.joined()
            )
        }
        .flatMap { $0.value.heldAdapters }
        if held == toldAdapters { return nil }
        toldAdapters = held
        return held
    }

    private func info(weightsLoaded: Bool) throws -> WorkerInfo {
        let blas = try BLAS.load()
        return WorkerInfo(
            openBLASCoreName: blas.coreName, kernels: CPUFeatures.vectorInstructions,
            threads: ComputePool.shared.threads, weightsLoaded: weightsLoaded)
    }
}
