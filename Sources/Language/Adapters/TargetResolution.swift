package import LanguageModels

extension TargetModules {
    /// `lora_target` as given in a run: `all` alone stands for every linear layer but the output head
    /// and routers.
    ///
    /// The names are those of the model, in its order.
    package init(requested names: [String], model: DecoderModel) {
        guard names == ["all"] else {
            self = .names(names)
            return
        }
        var seen: Set<String> = []
        self = .names(
            model.linearModules.filter { !$0.path.contains("lm_head") && !$0.isRouter }.map {
                Self.lastComponent($0.path)
            }
            .filter { seen.insert($0).inserted })
    }

    /// Matching as PEFT does it: a name matches its own path and every path that ends with it behind a dot.
    package func matches(_ path: String) throws -> Bool {
        switch self {
        case .names(let names): names.contains { path == $0 || path.hasSuffix(".\($0)") }
        case .expression("all-linear"): !path.contains("lm_head")
        case .expression(let text): try PathExpression(text).matches(path)
        }
    }

    /// Names that no linear layer of the model matches.
    package func unmatchedNames(in model: DecoderModel) -> [String] {
        guard case .names(let names) = self else { return [] }
        let paths = model.linearModules.map(\.path)
        return names.filter { name in !paths.contains { $0 == name || $0.hasSuffix(".\(name)") } }
    }

    var description: String {
        switch self {
        case .names(let names): names.map { "'\($0)'" }.joined(separator: ", ")
        case .expression(let text): "'\(text)'"
        }
    }

    static func lastComponent(_ path: String) -> String {
        String(path.split(separator: ".").last ?? "")
    }
}

extension AdapterConfiguration {
    /// Positions in the model's linear layers that this adapter is for.
    ///
    /// - Parameter saved: modules that the adapter brings whole, which have no matrices beside them
    /// - Throws: `AdapterError` when nothing matches, or something that is not a linear layer does
    func resolvedTargets(in model: DecoderModel, except saved: Set<String> = []) throws -> [Int] {
        let modules = model.linearModules
        let positions = try modules.indices.filter {
            try !saved.contains(modules[$0].path) && isTarget(modules[$0].path)
        }
        if case .expression("all-linear") = targetModules {
        } else if let other = try model.otherModules.first(where: { try !saved.contains($0) && isTarget($0) }) {
            throw AdapterError.notLinear(module: other, target: targetModules.description)
        }
        guard !positions.isEmpty else {
            var seen: Set<String> = []
            let names = modules.map { TargetModules.lastComponent($0.path) }.filter { seen.insert($0).inserted }
            throw AdapterError.noTargets(names: targetModules.description, modules: names)
        }
        if model.configuration.tiesEmbeddings, let head = positions.first(where: { modules[$0].path == model.headPath })
        {
            throw AdapterError.notLinear(
                module: "\(modules[head].path) (tied to \(model.embeddingPath))", target: targetModules.description)
        }
        return positions
    }

    private func isTarget(_ path: String) throws -> Bool {
        guard try targetModules.matches(path), try excludedModules?.matches(path) != true else { return false }
        guard let layers else { return true }
        return Self.layerNumber(of: path).map { layers.contains($0) } ?? false
    }

    /// The last number inside a path that has a name before the list it counts: 3 in `model.layers.3.mlp.up_proj`.
    private static func layerNumber(of path: String) -> Int? {
        let components = path.split(separator: ".")
        guard components.count > 3 else { return nil }
        return components[2..<components.count - 1].last { Int($0) != nil }.flatMap { Int($0) }
    }
}
