import Adapters
import LanguageModels
import RunConfiguration
import Tensors

/// Which of a model's numbers a run trains; one file per method.
protocol TuningMethod: Sendable {
    /// The value of `finetuning_type`.
    static var name: FinetuningType { get }

    /// Makes trainable what the method trains.
    static func prepare(_ start: TuningStart) throws -> TrainableModel.Parts
}

/// The methods, by `finetuning_type`.
enum TuningMethods {
    static let all: [any TuningMethod.Type] = [
        LoRATuning.self, OFTTuning.self, FreezeTuning.self, FullTuning.self,
    ]

    /// - Throws: `TuningError.unavailable`
    static func named(_ name: FinetuningType) throws -> any TuningMethod.Type {
        guard let method = all.first(where: { $0.name == name }) else {
            throw TuningError.unavailable(
                method: name.rawValue, available: all.map { $0.name.rawValue })
        }
        return method
    }
}

/// What a method starts from.
struct TuningStart {
    let configuration: RunConfiguration
    /// What the model's `config.json` says.
    let modelConfiguration: ModelConfiguration
    let modelFolder: String
    /// The folders of the adapters given, in order.
    let adapterFolders: [String]
    /// Rows for new tokens.
    var growth: VocabularyGrowth?
    /// Whether an adapter that says nothing else trains embedding and output head, for the sake of new tokens.
    var trainsVocabulary = false
    /// Tells people something.
    let note: (String) -> Void

    var seed: UInt64 { UInt64(max(0, configuration[Parameters.seed])) }

    /// The base with the tensors trainable that `isTrainable` names: where they lie on disk, or random ones with
    /// `train_from_scratch`; with rows for new tokens.
    func model(isTrainable: (String) -> Bool) throws -> DecoderModel {
        guard configuration[Parameters.trainFromScratch] else {
            let loaded = try DecoderModel.load(
                modelConfiguration, directory: modelFolder, seed: seed, quantizer: configuration.quantizer)
            return try (growth.map { try loaded.growing($0) } ?? loaded).makingTrainable(isTrainable)
        }
        var wanted = modelConfiguration
        wanted.vocabularySize = max(wanted.vocabularySize, growth?.rows ?? 0)
        return try DecoderModel.initialized(wanted, seed: seed).freezing { !isTrainable($0) }
    }

    /// Modules that a fresh adapter trains whole: those that were named, or what new tokens need.
    func modulesToSave(_ base: DecoderModel) -> [String] {
        if let named = configuration[Parameters.additionalTarget] { return named }
        guard trainsVocabulary else { return [] }
        let paths = [base.embeddingPath, base.headPath]
        let names = paths.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
        note(
            "the vocabulary has changed, so the adapter trains \(names.joined(separator: " and ")) as well "
                + "(`additional_target` names others)")
        return names
    }
}

/// Why a method cannot be carried out on a model.
package enum TuningError: Error, CustomStringConvertible {
    case unavailable(method: String, available: [String])
    /// A name that the model has no module for.
    case unknownModule(parameter: String, name: String, available: [String])
    /// `use_llama_pro` with a number of layers that does not divide the model's.
    case unevenExpansion(layers: Int, trainable: Int)
    case nothingTrainable
    /// A base of packed weights, and a method that would change them.
    case packedBase(quantization: String, change: String)

    package var description: String {
        switch self {
        case .unavailable(let method, let available):
            "the method `\(method)` is not available (use \(available.joined(separator: ", ")))"
        case .unknownModule(let parameter, let name, let available):
            "`\(parameter)` names '\(name)', which the model does not have; it has \(available.joined(separator: ", "))"
        case .unevenExpansion(let layers, let trainable):
            "`use_llama_pro` trains one layer of each of \(trainable) groups, but the model's \(layers) layers cannot "
                + "be divided into so many (set `freeze_trainable_layers` to a divisor of \(layers) above 0)"
        case .packedBase(let quantization, let change):
            "the base is quantized (\(quantization)), and \(change) would change its weights: train one adapter on it with "
                + "`finetuning_type: lora`, or start from the model that it was made of"
        case .nothingTrainable:
            "nothing is left to train (set `freeze_trainable_layers` or `freeze_extra_modules`)"
        }
    }
}

extension DecoderModel {
    /// The same model with some of its trainable tensors frozen.
    fileprivate func freezing(_ isFrozen: (String) -> Bool) throws -> DecoderModel {
        try replacingTensors { name, value in
            guard case .trainable(let parameter) = value, isFrozen(name) else { return value }
            return .frozen(Weight(name: name, tensor: parameter.value))
        }
    }
}
