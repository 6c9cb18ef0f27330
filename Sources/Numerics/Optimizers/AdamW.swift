internal import CKernels
package import Tensors

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), in float32, with PyTorch's arithmetic.
///
/// Every element is updated from its own four numbers only, so the result depends neither on threads nor on the
/// processor. Moments are made when a parameter's first gradient arrives.
package final class AdamW {
    package let groups: [ParameterGroup]
    package let beta1: Double
    package let beta2: Double
    package let epsilon: Double
    private var moments: [String: Moments] = [:]

    /// Elements updated by one task.
    private static let block = 1 << 16

    private final class Moments {
        var step: UInt64 = 0
        let first: Tensor
        let second: Tensor

        init(first: Tensor, second: Tensor) {
            self.first = first
            self.second = second
        }
    }

    /// - Throws: `OptimizerError` for a setting out of range or two parameters of one name.
    package init(
        _ groups: [ParameterGroup], beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
    ) throws {
        for (name, beta) in [("adam_beta1", beta1), ("adam_beta2", beta2)] where !(beta >= 0 && beta < 1) {
            throw OptimizerError.invalidSetting(name: name, value: "\(beta)", expected: "0 up to, not including, 1")
        }
        guard epsilon >= 0 else {
            throw OptimizerError.invalidSetting(name: "adam_epsilon", value: "\(epsilon)", expected: "0 or more")
        }
        var seen: Set<String> = []
        for group in groups {
            guard group.weightDecay >= 0 else {
                throw OptimizerError.invalidSetting(
                    name: "weight_decay", value: "\(group.weightDecay)", expected: "0 or more")
            }
            for parameter in group.parameters where !seen.insert(parameter.name).inserted {
                throw OptimizerError.duplicateParameter(name: parameter.name)
            }
        }
        self.groups = groups
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    /// All parameters, group after group.
    package var parameters: [Parameter] { groups.flatMap(\.parameters) }

    /// Updates every parameter that has a gradient; the others keep value, moments and step count.
    ///
    /// - Parameters:
    ///   - learningRate: of this step, before each group's factor.
    ///   - gradientFactor: what gradients are multiplied by first, e.g. to clip them. Gradients are left as they are.
    package func step(learningRate: Double, gradientFactor: Float = 1) throws {
        var tasks: [Task] = []
        for group in groups {
            for parameter in group.parameters {
                guard let gradient = parameter.gradient else { continue }
                guard gradient.shape == parameter.shape else {
                    throw OptimizerError.gradientShape(
                        parameter: parameter.name, expected: parameter.shape, actual: gradient.shape)
                }
                let moments = moments(for: parameter)
                moments.step += 1
                let settings = kernel_adamw_step(
                    learning_rate: learningRate * group.rateFactor, weight_decay: group.weightDecay, beta1: beta1,
                    beta2: beta2, epsilon: epsilon, step: moments.step)
                for start in stride(from: 0, to: parameter.count, by: Self.block) {
                    tasks.append(
                        Task(
                            parameter: parameter.value, gradient: gradient, moments: moments,
                            range: start..<min(parameter.count, start + Self.block), settings: settings))
                }
            }
        }
        ComputePool.shared.run(tasks.count) { tasks[$0].run(gradientFactor) }
    }

    private func moments(for parameter: Parameter) -> Moments {
        if let known = moments[parameter.name] { return known }
        let fresh = Moments(first: Tensor(zeros: parameter.shape), second: Tensor(zeros: parameter.shape))
        moments[parameter.name] = fresh
        return fresh
    }

    /// A part of one parameter; its elements belong to no other task of the step.
    private struct Task {
        let parameter: Tensor
        let gradient: Tensor
        let moments: Moments
        let range: Range<Int>
        let settings: kernel_adamw_step

        func run(_ gradientFactor: Float) {
            parameter.withUnsafeMutableBufferPointer { parameter in
                gradient.withUnsafeBufferPointer { gradient in
                    moments.first.withUnsafeMutableBufferPointer { first in
                        moments.second.withUnsafeMutableBufferPointer { second in
                            guard let p = parameter.baseAddress, let g = gradient.baseAddress,
                                let m = first.baseAddress, let v = second.baseAddress
                            else { return }
                            let start = range.lowerBound
                            var settings = settings
                            kernel_adamw_f32(
                                p + start, g + start, m + start, v + start, range.count, gradientFactor, &settings)
                        }
                    }
                }
            }
        }
    }
}

// MARK: Checkpoints

extension AdamW {
    /// What a checkpoint keeps of one parameter; the names are those of PyTorch's optimizer state.
    package struct ParameterState {
        package let name: String
        package let step: Int
        /// Running mean of the gradient, in the parameter's shape.
        package let expAvg: Tensor
        /// Running mean of the squared gradient, in the parameter's shape.
        package let expAvgSq: Tensor

        package init(name: String, step: Int, expAvg: Tensor, expAvgSq: Tensor) {
            self.name = name
            self.step = step
            self.expAvg = expAvg
            self.expAvgSq = expAvgSq
        }
    }

    /// The state of every parameter that has been updated, in the order of the groups.
    ///
    /// The tensors are the optimizer's own: they change with the next step, so write them before it.
    package var state: [ParameterState] {
        parameters.compactMap { parameter in
            moments[parameter.name].map {
                ParameterState(name: parameter.name, step: Int($0.step), expAvg: $0.first, expAvgSq: $0.second)
            }
        }
    }

    /// Replaces all state by what was saved; a parameter without an entry starts anew.
    ///
    /// The tensors become the optimizer's own: of a whole model they are too large to be held twice.
    /// - Throws: `OptimizerError.stateMismatch` for a name, shape or step that does not fit; nothing is changed then.
    package func restore(_ saved: [ParameterState]) throws {
        let shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
        var restored: [String: Moments] = [:]
        for entry in saved {
            guard let shape = shapes[entry.name] else {
                throw OptimizerError.stateMismatch(
                    parameter: entry.name, expected: "a trainable parameter", actual: "a name that is none")
            }
            for tensor in [entry.expAvg, entry.expAvgSq] where tensor.shape != shape {
                throw OptimizerError.stateMismatch(
                    parameter: entry.name, expected: "shape \(shape)", actual: "shape \(tensor.shape)")
            }
            guard entry.step >= 1 else {
                throw OptimizerError.stateMismatch(
                    parameter: entry.name, expected: "a step of 1 or more", actual: "\(entry.step)")
            }
            let moments = Moments(first: entry.expAvg, second: entry.expAvgSq)
            moments.step = UInt64(entry.step)
            guard restored.updateValue(moments, forKey: entry.name) == nil else {
                throw OptimizerError.duplicateParameter(name: entry.name)
            }
        }
        moments = restored
    }
}
