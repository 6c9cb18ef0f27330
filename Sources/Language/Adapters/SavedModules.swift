import LanguageModels
package import Tensors

/// Modules of the base that an adapter brings whole: PEFT's `modules_to_save`, the reference's `additional_target`.
package struct SavedModules: Sendable {
    /// The copies that are trained, by the names of the tensors whose places they take.
    let copies: [String: Parameter]
    /// In the order of the model.
    package let parameters: [Parameter]
    let paths: Set<String>

    /// - Parameter names: a module is meant when its path ends with one of them, at a dot or not
    /// - Throws: `AdapterError.noModulesToSave` for a name that is no module's end
    init(
        _ names: [String], of model: DecoderModel, _ tensor: AdaptedLayer.Source
    ) throws {
        let modules = model.linearModules.map(\.path) + model.otherModules
        if let unknown = names.first(where: { name in !modules.contains { $0.hasSuffix(name) } }) {
            throw AdapterError.noModulesToSave(name: unknown, modules: modules.map(TargetModules.lastComponent))
        }
        paths = Set(modules.filter { path in names.contains { path.hasSuffix($0) } })
        var copies: [String: Parameter] = [:]
        var parameters: [Parameter] = []
        func add(_ name: String, like value: Matrix) throws {
            let key = Adapter.tensorName(name, "").dropLast()
            let parameter = Parameter(
                name: String(key), value: try tensor(String(key), value.shape) { value.widened().copy() })
            copies[name] = parameter
            parameters.append(parameter)
        }
        for (name, value) in model.tensors where paths.contains(where: { Self.owns($0, name) }) {
            try add(name, like: value)
        }
        // A tied head has no tensor of its own until it is copied.
        if paths.contains(model.headPath), model.configuration.tiesEmbeddings, let table = model.tensors.first?.value {
            try add("\(model.headPath).weight", like: table)
        }
        self.copies = copies
        self.parameters = parameters
    }

    private static func owns(_ path: String, _ tensor: String) -> Bool {
        tensor == "\(path).weight" || tensor == "\(path).bias"
    }

    /// The base with the copies in their places, trainable. Where embedding and head are one matrix and either is copied,
    /// the other stays what it was.
    func placed(in base: DecoderModel) throws -> DecoderModel {
        try replacing(in: base) { parameter, _ in .trainable(parameter) }
    }

    /// As `placed`, with the numbers in the base's own format and frozen as the base is.
    func merged(into base: DecoderModel) throws -> DecoderModel {
        try replacing(in: base) { try $1.replaced(by: $0.value) }
    }

    private func replacing(
        in base: DecoderModel, _ replace: (_ copy: Parameter, _ value: Matrix) throws -> Matrix
    ) throws -> DecoderModel {
        guard !copies.isEmpty else { return base }
        let untied = base.configuration.tiesEmbeddings && !paths.isDisjoint(with: [base.embeddingPath, base.headPath])
        return try base.replacingTensors(untyingHead: untied) { name, value in
            try copies[name].map { try replace($0, value) } ?? value
        }
    }
}
