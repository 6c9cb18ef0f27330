import Synchronization
package import Tensors

/// Updates the parameters of a run by their groups' optimizers, and holds what these remember.
///
/// State is made when a parameter's first gradient arrives.
package final class ParameterUpdater {
    package let groups: [OptimizerGroup]
    /// Which of the parameters change at a time; nil for all.
    package private(set) var selection: (any ParameterSelection)?
    private var states: [String: ParameterState] = [:]
    private let groupNumbers: [String: Int]

    /// - Throws: `OptimizerError` for two parameters of one name or a weight decay below 0
    package init(_ groups: [OptimizerGroup], selection: (any ParameterSelection)? = nil) throws {
        var numbers: [String: Int] = [:]
        for (number, group) in groups.enumerated() {
            guard group.weightDecay >= 0 else {
                throw OptimizerError.invalidSetting(
                    name: "weight_decay", value: "\(group.weightDecay)", expected: "0 or more")
            }
            for parameter in group.parameters where numbers.updateValue(number, forKey: parameter.name) != nil {
                throw OptimizerError.duplicateParameter(name: parameter.name)
            }
        }
        self.groups = groups
        groupNumbers = numbers
        self.selection = selection
        activate()
    }

    /// Lets gradients be made for what the next update changes, and for nothing else.
    private func activate() {
        guard let active = selection?.active else { return }
        for parameter in parameters { parameter.isTrainable = active.contains(parameter.name) }
    }

    /// All parameters, group after group.
    package var parameters: [Parameter] { groups.flatMap(\.parameters) }

    /// The most bytes that are remembered at a time.
    package var stateByteCount: Int {
        func bytes(where isCounted: (String) -> Bool) -> Int {
            groups.reduce(0) { sum, group in
                group.parameters.filter { isCounted($0.name) }.reduce(sum) { sum, parameter in
                    group.optimizer.state(name: parameter.name, shape: parameter.shape)
                        .reduce(sum) { $0 + $1.byteCount }
                }
            }
        }
        guard let selection else { return bytes { _ in true } }
        return selection.alternatives.map { names in bytes(where: names.contains) }.max() ?? 0
    }

    /// Length of one parameter's gradient, of what its optimizer uses of it; 0 without one.
    package func gradientNorm(of parameter: Parameter) -> Float {
        guard let gradient = parameter.gradient, let group = group(of: parameter) else { return 0 }
        return group.optimizer.norm(of: gradient, step: (states[parameter.name]?.step ?? 0) + 1)
    }

    private func group(of parameter: Parameter) -> OptimizerGroup? { groupNumbers[parameter.name].map { groups[$0] } }

    /// Length of all gradients together, of what the optimizers use of them.
    package var gradientNorm: Float { GradientNorm.norm(of: parameters.map(gradientNorm)) }

    /// Changes one parameter that has a gradient; the gradient is left.
    ///
    /// `update(learningRate:gradientFactor:)` comes after the last of them, without those gradients.
    package func update(_ parameter: Parameter, learningRate: Double) throws {
        guard let gradient = parameter.gradient, let group = group(of: parameter) else { return }
        try work(parameter, gradient, group, learningRate: learningRate, gradientFactor: 1).run()
    }

    /// Updates every parameter that has a gradient; the others keep value, state and step count.
    ///
    /// - Parameters:
    ///   - learningRate: of this update, before each group's factor
    ///   - gradientFactor: what gradients are multiplied by first, e.g. to clip them. Gradients are left as they are.
    package func update(learningRate: Double, gradientFactor: Float = 1) throws {
        var (beside, alone): ([Work], [Work]) = ([], [])
        for group in groups {
            for parameter in group.parameters {
                guard let gradient = parameter.gradient else { continue }
                let work = try work(
                    parameter, gradient, group, learningRate: learningRate, gradientFactor: gradientFactor)
                // A small one has no work for a second thread, so that many of them are updated beside each other.
                if parameter.count <= ParameterUpdate.blockSize || !group.optimizer.usesAllThreads {
                    beside.append(work)
                } else {
                    alone.append(work)
                }
            }
        }
        try run(beside)
        for work in alone { try work.run() }
        goOn()
    }

    /// Counts the update, after which others may be active.
    private func goOn() {
        guard let turn = selection?.turn else { return }
        selection?.updates += 1
        guard selection?.turn != turn else { return }
        states = [:]
        activate()
    }

    /// One on each thread, the largest first.
    private func run(_ works: [Work]) throws {
        let works = works.sorted { $0.update.value.count > $1.update.value.count }
        let failure = Mutex<(any Error)?>(nil)
        ComputePool.shared.run(works.count) { index in
            do {
                try works[index].run()
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        guard Rehearsal.isActive else { return }
        // Nothing ran: what the threads would have held is asked for at once.
        let held = works.prefix(ComputePool.shared.threads).map { Tensor(uninitialized: [$0.scratchByteCount / 4]) }
        withExtendedLifetime(held) {}
    }

    private struct Work {
        let optimizer: any Optimizer
        let update: ParameterUpdate

        var scratchByteCount: Int { optimizer.scratchByteCount(shape: update.value.shape) }

        func run() throws { try optimizer.apply(update) }
    }

    private func work(
        _ parameter: Parameter, _ gradient: Tensor, _ group: OptimizerGroup, learningRate: Double,
        gradientFactor: Float
    ) throws -> Work {
        guard gradient.shape == parameter.shape else {
            throw OptimizerError.gradientShape(
                parameter: parameter.name, expected: parameter.shape, actual: gradient.shape)
        }
        let state =
            states[parameter.name]
            ?? ParameterState(group.optimizer.state(name: parameter.name, shape: parameter.shape))
        states[parameter.name] = state
        state.step += 1
        return Work(
            optimizer: group.optimizer,
            update: ParameterUpdate(
                name: parameter.name, value: parameter.value, gradient: gradient, gradientFactor: gradientFactor,
                learningRate: learningRate * group.rateFactor, weightDecay: group.weightDecay, state: state))
    }
}

// MARK: Checkpoints

extension ParameterUpdater {
    private static let step = "step"
    private static let selectionUpdates = "selection_updates"

    /// What is remembered of every parameter that has been updated, in the order of the groups.
    ///
    /// The tensors are the optimizers' own: they change with the next update, so write them before it.
    package var state: OptimizerState {
        var saved = OptimizerState()
        for group in groups {
            for parameter in group.parameters {
                guard let state = states[parameter.name] else { continue }
                for tensor in group.optimizer.state(name: parameter.name, shape: parameter.shape) {
                    guard let value = state.tensors[tensor.name] else { continue }
                    saved.tensors.append((OptimizerState.key(tensor.name, parameter.name), value))
                }
                saved.counters[OptimizerState.key(Self.step, parameter.name)] = String(state.step)
                for (name, number) in state.numbers {
                    saved.counters[OptimizerState.key(name, parameter.name)] = String(number)
                }
            }
        }
        if let selection { saved.counters[Self.selectionUpdates] = String(selection.updates) }
        return saved
    }

    /// Replaces everything remembered by what was saved; a parameter without an entry starts anew.
    ///
    /// The tensors become the optimizers' own: of a whole model they are too large to be held twice.
    /// - Throws: `OptimizerError.stateMismatch` for a name, shape or number that does not fit; nothing is changed then
    package func restore(_ saved: OptimizerState) throws {
        var reader = try OptimizerStateReader(saved)
        var restored: [String: ParameterState] = [:]
        for group in groups {
            for parameter in group.parameters {
                let layout = group.optimizer.state(name: parameter.name, shape: parameter.shape)
                restored[parameter.name] = try reader.takeState(of: parameter.name, layout)
            }
        }
        try reader.requireNothingLeft()
        if let selection {
            var resumed = selection
            guard let updates = saved.counters[Self.selectionUpdates].flatMap({ Int($0) }), updates >= 0 else {
                throw OptimizerError.missingCounter(name: Self.selectionUpdates)
            }
            resumed.updates = updates
            self.selection = resumed
            activate()
        }
        states = restored
    }
}
