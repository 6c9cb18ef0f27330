import LanguageModels
import RunConfiguration

/// `finetuning_type: freeze`: some layers, or parts of them, and modules beside the layers are trained.
enum FreezeTuning: TuningMethod {
    static let name = FinetuningType.freeze

    static func prepare(_ start: TuningStart) throws -> TrainableModel.Parts {
        let configuration = start.configuration
        let layers = try LayerSelection.layers(
            trainable: configuration[Parameters.freezeTrainableLayers], of: start.modelConfiguration.layerCount,
            isExpanded: configuration[Parameters.useLlamaPro])
        let base = try start.model { _ in false }
        let everything = base.tensors.map { TensorPath($0.name) }
        let modules = Set(configuration[Parameters.freezeTrainableModules])
        try check(
            modules.subtracting(["all"]), Parameters.freezeTrainableModules.name,
            known: everything.compactMap { $0.layer == nil ? nil : $0.module })
        let extra = Set(configuration[Parameters.freezeExtraModules] ?? [])
        try check(
            extra, Parameters.freezeExtraModules.name,
            known: everything.compactMap { $0.layer == nil ? $0.module : nil })
        func isTrainable(_ name: String) -> Bool {
            let path = TensorPath(name)
            guard let layer = path.layer else { return extra.contains(path.module) }
            return layers.contains(layer) && (modules.contains("all") || modules.contains(path.module))
        }
        guard everything.contains(where: { isTrainable($0.name) }) else { throw TuningError.nothingTrainable }
        return TrainableModel.Parts(base: try base.makingTrainable(isTrainable))
    }

    private static func check(_ names: Set<String>, _ parameter: String, known: [String]) throws {
        guard let unknown = names.subtracting(known).sorted().first else { return }
        var seen: Set<String> = []
        throw TuningError.unknownModule(
            parameter: parameter, name: unknown, available: known.filter { seen.insert($0).inserted })
    }
}

/// Where a tensor stands: in a decoder layer or beside them, and in which of their modules.
///
/// Names are taken apart at their dots: `norm` means the final norm and no other.
package struct TensorPath: Equatable {
    package let name: String
    /// The decoder layer's number; nil beside the layers.
    package let layer: Int?
    /// A direct child of the layer, such as `mlp`; beside the layers the module that owns the tensor, such as `norm`.
    package let module: String

    package init(_ name: String) {
        self.name = name
        let parts = name.split(separator: ".").map(String.init)
        if let place = parts.firstIndex(of: "layers"), place + 2 < parts.count, let layer = Int(parts[place + 1]) {
            self.layer = layer
            module = parts[place + 2]
        } else {
            layer = nil
            module = parts.dropLast().last ?? name
        }
    }
}
