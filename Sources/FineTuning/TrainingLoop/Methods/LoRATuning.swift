import Adapters
import LanguageModels
import RunConfiguration

/// `finetuning_type: lora`: an adapter beside a frozen base, a fresh one or the last of those given.
enum LoRATuning: TuningMethod {
    static let name = FinetuningType.lora

    static func prepare(_ start: TuningStart) throws -> TrainableModel.Parts {
        let configuration = start.configuration
        let folders = start.adapterFolders
        let continuesLast = !configuration[Parameters.createNewAdapter] && !folders.isEmpty
        var base = try start.model { _ in false }
        for folder in continuesLast ? folders.dropLast() : folders[...] {
            base = try base.fitting(adapterIn: folder)
            base = try adapter(in: folder, for: base, start).merged(into: base)
            start.note("merged the adapter \(folder) into the base")
        }
        if continuesLast, let last = folders.last {
            base = try base.fitting(adapterIn: last)
            let adapter = try adapter(in: last, for: base, start)
            noteWhatDoesNotAct(start, beside: adapter.configuration)
            return TrainableModel.Parts(base: adapter.model, adapter: adapter)
        }
        let wanted = AdapterConfiguration(
            baseModel: configuration[Parameters.modelNameOrPath], rank: configuration[Parameters.loraRank],
            alpha: Double(configuration.loraAlphaInEffect), dropout: configuration[Parameters.loraDropout],
            targetModules: try targets(configuration, base), usesRankStabilization: configuration[Parameters.useRslora],
            usesDoRA: configuration[Parameters.useDora], modulesToSave: start.modulesToSave(base)
        )
        do {
            let fresh = try LoRAAdapter.fresh(wanted, for: base, seed: start.seed)
            noteUnmatchedTargets(start, base)
            return TrainableModel.Parts(base: fresh.model, adapter: fresh)
        } catch let error as AdapterError {
            switch error {
            case .noTargets, .notLinear:
                throw configuration.conflict(
                    Parameters.loraTarget, reason: "`lora_target`: \(error)",
                    hint: "`all` stands for every linear layer but the output head")
            case .noModulesToSave:
                throw configuration.conflict(
                    Parameters.additionalTarget, reason: "\(error)", hint: "name modules by the ends of their paths")
            default: throw error
            }
        }
    }

    /// Names beside others that match are passed over, as in the reference, but not in silence.
    private static func noteUnmatchedTargets(_ start: TuningStart, _ base: DecoderModel) {
        let targets = TargetModules(requested: start.configuration[Parameters.loraTarget], model: base)
        for name in targets.unmatchedNames(in: base) {
            start.note(
                "`lora_target` names '\(name)', which no linear layer of the model is called; only the other names act")
        }
    }

    /// The modules asked for; with `use_llama_pro` those of the added layers, by their whole paths.
    private static func targets(_ configuration: RunConfiguration, _ base: DecoderModel) throws -> TargetModules {
        let targets = TargetModules(requested: configuration[Parameters.loraTarget], model: base)
        guard configuration[Parameters.useLlamaPro] else { return targets }
        let layers = try LayerSelection.layers(
            trainable: configuration[Parameters.freezeTrainableLayers], of: base.configuration.layerCount,
            isExpanded: true)
        let paths = try base.linearModules.map(\.path).filter { path in
            guard let layer = TensorPath("\(path).weight").layer else { return false }
            return try layers.contains(layer) && targets.matches(path)
        }
        return .names(paths)
    }

    /// Says which settings of a fresh adapter differ from those of the one that training goes on with, which hold.
    private static func noteWhatDoesNotAct(_ start: TuningStart, beside adapter: AdapterConfiguration) {
        let configuration = start.configuration
        func note<Value: Equatable>(_ parameter: Parameter<Value>, _ differs: Bool, _ own: String) {
            guard configuration.isExplicit(parameter), differs else { return }
            start.note(
                "`\(parameter.name)` does not act: training goes on with an adapter, whose own is \(own) "
                    + "(`create_new_adapter: true` begins a fresh one)")
        }
        note(Parameters.loraRank, configuration[Parameters.loraRank] != adapter.rank, "\(adapter.rank)")
        note(
            Parameters.loraAlpha, Double(configuration.loraAlphaInEffect) != adapter.alpha, "\(adapter.alpha)")
        note(Parameters.loraDropout, configuration[Parameters.loraDropout] != adapter.dropout, "\(adapter.dropout)")
        note(
            Parameters.useRslora, configuration[Parameters.useRslora] != adapter.usesRankStabilization,
            "\(adapter.usesRankStabilization)")
        note(Parameters.useDora, configuration[Parameters.useDora] != adapter.usesDoRA, "\(adapter.usesDoRA)")
        note(
            Parameters.additionalTarget, configuration[Parameters.additionalTarget] ?? [] != adapter.modulesToSave,
            "[\(adapter.modulesToSave.joined(separator: ", "))]")
    }

    private static func adapter(
        in folder: String, for model: DecoderModel, _ start: TuningStart
    ) throws -> LoRAAdapter {
        let loaded = try LoRAAdapter.load(directory: folder, for: model, seed: start.seed)
        for warning in loaded.adapter.configuration.warnings { start.note(warning) }
        if !loaded.missing.isEmpty {
            start.note("\(folder) lacks \(loaded.missing.joined(separator: ", ")); they begin as in a fresh adapter")
        }
        return loaded.adapter
    }
}
