import LanguageModels
import Optimizers
import RunConfiguration
import Tensors

/// A way in which a run's parameters are divided among optimizers; one file each.
protocol OptimizerArrangement: Sendable {
    static func isChosen(by configuration: RunConfiguration) -> Bool

    /// - Throws: `OptimizerError` for settings that do not fit the model or each other
    static func arrange(_ start: OptimizerStart) throws -> ArrangedOptimizers
}

/// The arrangements; the first that is chosen is taken.
enum OptimizerArrangements {
    static let all: [any OptimizerArrangement.Type] = [
        GaLoreArrangement.self, APOLLOArrangement.self, LoRAPlusArrangement.self, BAdamArrangement.self,
        AdamMiniArrangement.self, MuonArrangement.self, NamedArrangement.self,
    ]

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
        try OptimizerRegistry.optimizer(
            named: configuration[Parameters.optim],
            OptimizerSettings(
                beta1: configuration[Parameters.adamBeta1], beta2: configuration[Parameters.adamBeta2],
                epsilon: configuration[Parameters.adamEpsilon],
                arguments: OptimizerArguments(parsing: configuration[Parameters.optimArgs] ?? "")))
    }

    /// The value of a parameter that takes words.
    func word<Choice: RawRepresentable & CaseIterable>(
        _ parameter: RunConfiguration.Parameter<String>
    ) throws -> Choice where Choice.RawValue == String {
        let value = configuration[parameter]
        guard let choice = Choice(rawValue: value) else {
            throw OptimizerError.invalidSetting(
                name: parameter.name, value: value,
                expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
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
        let paths = linearPaths.filter { path in
            targets == ["all"] ? !path.contains("lm_head") : targets.contains { path.contains($0) }
        }
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
    /// Trained by the method, but by none of the optimizers.
    var idle: [Tensors.Parameter] = []
    /// What it is, for the log.
    var description: String
    /// What else people should know, such as that steps do not suffice.
    var notes: (_ totalSteps: Int) -> [String] = { _ in [] }
}
