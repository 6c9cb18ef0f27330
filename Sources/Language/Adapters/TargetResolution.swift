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

    /// Names that no linear layer of the model matches, nor its token embedding.
    package func unmatchedNames(in model: DecoderModel) -> [String] {
        guard case .names(let names) = self else { return [] }
        let paths = model.linearModules.map(\.path) + [model.embeddingPath]
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
    /// What of a model an adapter is for.
    struct Targets {
        /// Positions in the model's linear layers.
        var linear: [Int]
        var embedding: Bool
    }

    /// - Parameter saved: modules that the adapter brings whole, which have no matrices beside them
    /// - Throws: `AdapterError` when nothing matches, or a norm does
    func resolvedTargets(in model: DecoderModel, except saved: Set<String> = []) throws -> Targets {
        let modules = model.linearModules
        func isTarget(_ path: String) throws -> Bool { try !saved.contains(path) && self.isTarget(path) }
        var targets = Targets(linear: try modules.indices.filter { try isTarget(modules[$0].path) }, embedding: false)
        if targetModules != .expression("all-linear") {
            targets.embedding = try isTarget(model.embeddingPath)
            let others = model.otherModules.filter { $0 != model.embeddingPath }
            if let other = try others.first(where: isTarget) {
                throw AdapterError.notLinear(module: other, target: targetModules.description)
            }
        }
        guard !targets.linear.isEmpty || targets.embedding else {
            var seen: Set<String> = []
            let names = modules.map { TargetModules.lastComponent($0.path) }.filter { seen.insert($0).inserted }
            throw AdapterError.noTargets(names: targetModules.description, modules: names)
        }
        return targets
    }

    /// As PEFT decides: layer numbers restrict names that stand for several modules, not whole paths or expressions.
    private func isTarget(_ path: String) throws -> Bool {
        guard try targetModules.matches(path), try excludedModules?.matches(path) != true else { return false }
        guard let layers, !layers.isEmpty, case .names(let names) = targetModules, !names.contains(path) else {
            return true
        }
        return Self.layerNumber(of: path, in: layersPattern).map { layers.contains($0) } ?? false
    }

    /// The last number inside a path that has a name before the list it counts: 3 in `model.layers.3.mlp.up_proj`.
    ///
    /// - Parameter lists: names that the list may have; empty for any
    private static func layerNumber(of path: String, in lists: [String]) -> Int? {
        let components = path.split(separator: ".").map(String.init)
        guard components.count > 3 else { return nil }
        let place = (2..<components.count - 1).last { index in
            Int(components[index]) != nil && (lists.isEmpty || lists.contains(components[index - 1]))
        }
        return place.flatMap { Int(components[$0]) }
    }
}
