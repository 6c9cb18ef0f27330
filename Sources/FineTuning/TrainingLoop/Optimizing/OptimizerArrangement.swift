import LanguageModels
import Optimizers
import RunConfiguration
import Tensors

/// A way in which a run's parameters are divided among optimizers; one file each.
protocol OptimizerArrangement: Sendable {
    /// Values of `optim` that choose it.
    static var names: [String] { get }

    static func isChosen(by configuration: RunConfiguration) -> Bool

    /// - Throws: `OptimizerError` for settings that do not fit the model or each other
    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers
}

extension OptimizerArrangement {
    static var names: [String] { [] }
}

/// The arrangements; the first that is chosen is taken.
package enum OptimizerArrangements {
    private static let all: [any OptimizerArrangement.Type] = [
        GaLoreArrangement.self, APOLLOArrangement.self, LoRAPlusArrangement.self, BAdamArrangement.self,
        AdamMiniArrangement.self, MuonArrangement.self, NamedArrangement.self,
    ]

    /// Every value of `optim` that is carried out.
    package static var names: [String] { all.flatMap { $0.names } }

    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers {
        let chosen = all.first { $0.isChosen(by: start.configuration) } ?? NamedArrangement.self
        return try chosen.arrange(start)
    }
}

/// What an arrangement starts from.
struct OptimizerStart {
    let configuration: RunConfiguration
    /// What the method trains, in the order of the model.
    let parameters: [Tensors.Parameter]
    /// Paths of the model's linear layers.
    let linearPaths: [String]
    let hiddenSize: Int
    let attentionHeads: Int

    init(_ configuration: RunConfiguration, _ model: RunModel) {
        let base = model.trainable.base
        self.configuration = configuration
        parameters = model.parameters
        linearPaths = base.linearModules.map(\.path)
        hiddenSize = base.configuration.hiddenSize
        attentionHeads = base.configuration.heads
    }

    /// The optimizer that `optim` names.
    func named() throws -> any Optimizer {
        try optimizer(
            named: configuration[Parameters.optim],
            OptimizerArguments(parsing: configuration[Parameters.optimArgs] ?? ""))
    }

    private func optimizer(named name: String, _ arguments: OptimizerArguments) throws -> any Optimizer {
        try OptimizerRegistry.optimizer(
            named: name,
            OptimizerSettings(
                beta1: configuration[Parameters.adamBeta1], beta2: configuration[Parameters.adamBeta2],
                epsilon: configuration[Parameters.adamEpsilon], arguments: arguments))
    }

    /// `optim_args` for an optimizer that the registry does not know.
    func arguments(of optimizer: String, known: [String]) throws -> OptimizerArguments {
        let arguments = try OptimizerArguments(parsing: configuration[Parameters.optimArgs] ?? "")
        try arguments.check(for: optimizer, known: known)
        return arguments
    }

    /// The optimizer that `optim` names, AdamW in the form that low-rank methods were published with.
    func published() throws -> any Optimizer {
        let named = try named()
        return named is AdamW ? transformersAdamW() : named
    }

    /// The same for a name without settings of its own.
    func published(as name: String) throws -> any Optimizer {
        let named = try optimizer(named: name, OptimizerArguments())
        return named is AdamW ? transformersAdamW() : named
    }

    /// AdamW as the methods were published with it.
    func transformersAdamW(decaysFirst: Bool = false) -> TransformersAdamW {
        TransformersAdamW(
            beta1: configuration[Parameters.adamBeta1], beta2: configuration[Parameters.adamBeta2],
            epsilon: configuration[Parameters.adamEpsilon], decaysFirst: decaysFirst)
    }

    /// The trained matrices of linear layers whose path holds one of `targets`; `all` alone is every layer but the head.
    ///
    /// - Parameter name: the parameter that holds the targets, for errors
    func matrices(of targets: [String], _ name: String) throws -> Set<String> {
        try matrices(named: name, value: targets) { path in
            targets == ["all"] ? !path.contains("lm_head") : targets.contains { path.contains($0) }
        }
    }

    /// Those that `optim_target_modules` names: parts of paths, or expressions for whole ones.
    func trainerTargets() throws -> Set<String> {
        let name = Parameters.optimTargetModules.name
        let targets = configuration[Parameters.optimTargetModules] ?? []
        if targets == ["all-linear"] || targets == ["all_linear"] {
            return try matrices(named: name, value: targets) { _ in true }
        }
        let expressions = try targets.map { target in
            do {
                return try Regex(target)
            } catch {
                throw OptimizerError.invalidSetting(name: name, value: target, expected: "names or expressions")
            }
        }
        return try matrices(named: name, value: targets) { path in
            try targets.contains { path.contains($0) } || expressions.contains { try $0.wholeMatch(in: path) != nil }
        }
    }

    private func matrices(
        named name: String, value targets: [String], where isTarget: (String) throws -> Bool
    ) throws -> Set<String> {
        let paths = try linearPaths.filter(isTarget)
        let names = Set(parameters.filter { $0.shape.count == 2 }.map(\.name))
        let found = names.intersection(paths.map { "\($0).weight" })
        guard !found.isEmpty else {
            var seen: Set<String> = []
            let known = linearPaths.compactMap { $0.split(separator: ".").last.map(String.init) }
            throw OptimizerError.invalidSetting(
                name: name, value: targets.joined(separator: ","),
                expected: "`all` or parts of the paths of trained linear layers, such as "
                    + known.filter { seen.insert($0).inserted }.joined(separator: ", "))
        }
        return found
    }
}

/// Names of `optim` that are put together of parts.
enum TrainerNames {
    static func all(_ names: String..., endings: [String]) -> [String] {
        names.flatMap { name in endings.map { name + $0 } }
    }
}

extension OptimizerStart {
    /// The groups of GaLore and APOLLO: what does not decay, what does, and the matrices that are projected.
    ///
    /// Norms decay here, as in the reference; only biases are spared.
    func projectedGroups(
        _ projecting: any Optimizer, for targets: Set<String>, others: any Optimizer
    ) -> [OptimizerGroup] {
        let decay = configuration[Parameters.weightDecay]
        let plain = parameters.filter { !targets.contains($0.name) }
        return [
            OptimizerGroup(plain.filter { $0.name.contains("bias") }, others, weightDecay: 0),
            OptimizerGroup(plain.filter { !$0.name.contains("bias") }, others, weightDecay: decay),
            OptimizerGroup(parameters.filter { targets.contains($0.name) }, projecting, weightDecay: decay),
        ]
    }
}

/// Which optimizer changes which parameters, and how.
struct ArrangedOptimizers {
    var groups: [OptimizerGroup]
    /// Which of them change at a time; nil for all.
    var selection: (any ParameterSelection)?
    /// Whether each parameter is changed as soon as its gradient is complete; gradients cannot be clipped then.
    var isLayerwise = false
    /// Trained by the method, but by none of the optimizers.
    var idle: [Tensors.Parameter] = []
    /// What it is, for the log.
    var description: String
    /// What else people should know, such as that steps do not suffice.
    var notes: (_ totalSteps: Int) -> [String] = { _ in [] }
}
