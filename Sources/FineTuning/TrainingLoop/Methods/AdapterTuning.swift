import Adapters
import LanguageModels
import RunConfiguration

/// A method that trains an adapter beside a frozen base: a fresh one, or the last of those given.
protocol AdapterTuning: TuningMethod {
    /// Names the modules that a fresh adapter is for.
    static func targets(_ configuration: RunConfiguration) -> (parameter: Parameter<[String]>, names: [String])

    /// What a fresh adapter puts beside them.
    static func kind(_ configuration: RunConfiguration) -> any AdapterKind

    /// Settings that were given and differ from those of an adapter that training goes on with, which hold; each with
    /// the adapter's own.
    static func differences(_ configuration: RunConfiguration, from adapter: AdapterConfiguration) -> [SettingInVain]
}

/// A setting that an adapter's own takes precedence over.
struct SettingInVain {
    let name: String
    let own: String

    /// Nil when the setting was not given or says the same.
    init?<Value: ParameterValue, Own: Equatable>(
        _ parameter: Parameter<Value>, _ configuration: RunConfiguration, says value: Own, own: Own
    ) {
        guard configuration.isExplicit(parameter), value != own else { return nil }
        name = parameter.name
        self.own = "\(own)"
    }
}

extension AdapterTuning {
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
            for setting in differences(configuration, from: adapter.configuration) {
                start.note(
                    "`\(setting.name)` does not act: training goes on with an adapter, whose own is \(setting.own) "
                        + "(`create_new_adapter: true` begins a fresh one)")
            }
            return TrainableModel.Parts(base: adapter.model, adapter: adapter)
        }
        let fresh = try fresh(start, base)
        return TrainableModel.Parts(base: fresh.model, adapter: fresh)
    }

    private static func fresh(_ start: TuningStart, _ base: DecoderModel) throws -> Adapter {
        let configuration = start.configuration
        let (parameter, names) = targets(configuration)
        let requested = TargetModules(requested: names, model: base)
        do {
            let fresh = try Adapter.fresh(
                AdapterConfiguration(
                    baseModel: configuration[Parameters.modelNameOrPath],
                    targetModules: try inAddedLayers(requested, configuration, base),
                    modulesToSave: start.modulesToSave(base), kind: kind(configuration)),
                for: base, seed: start.seed)
            // Names beside others that match are passed over, as in the reference, but not in silence.
            for name in requested.unmatchedNames(in: base) {
                start.note(
                    "`\(parameter.name)` names '\(name)', which neither a linear layer nor the token embedding of the "
                        + "model is called; only the other names act")
            }
            for line in fresh.configuration.kind.notes(on: fresh.modules) { start.note(line) }
            return fresh
        } catch let error as AdapterError {
            switch error {
            case .noTargets, .notLinear, .noEmbeddings:
                throw configuration.conflict(
                    parameter, reason: "`\(parameter.name)`: \(error)",
                    hint: "`all` stands for every linear layer but the output head")
            case .noModulesToSave:
                throw configuration.conflict(
                    Parameters.additionalTarget, reason: "\(error)", hint: "name modules by the ends of their paths")
            default: throw error
            }
        }
    }

    /// The modules asked for; with `use_llama_pro` those of the added layers, by their whole paths.
    private static func inAddedLayers(
        _ targets: TargetModules, _ configuration: RunConfiguration, _ base: DecoderModel
    ) throws -> TargetModules {
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

    private static func adapter(in folder: String, for model: DecoderModel, _ start: TuningStart) throws -> Adapter {
        let loaded = try Adapter.load(directory: folder, for: model, seed: start.seed)
        for warning in loaded.adapter.configuration.warnings { start.note(warning) }
        if !loaded.missing.isEmpty {
            start.note("\(folder) lacks \(loaded.missing.joined(separator: ", ")); they begin as in a fresh adapter")
        }
        return loaded.adapter
    }
}
