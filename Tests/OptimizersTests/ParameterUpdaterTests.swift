import Optimizers
import Tensors
import Testing

/// What holds for every optimizer: state by name, groups, and saved state that does not fit.
struct ParameterUpdaterTests {
    private func parameter(_ name: String = "p", _ values: [Float] = [1, -2]) throws -> Parameter {
        Parameter(name: name, value: try Tensor(values, shape: [values.count]))
    }

    private func give(_ gradient: [Float], to parameter: Parameter) throws {
        parameter.gradient = try Tensor(gradient, shape: [gradient.count])
    }

    private func updater(_ parameters: [Parameter], weightDecay: Double = 0.1) throws -> ParameterUpdater {
        try ParameterUpdater([OptimizerGroup(parameters, AdamW(), weightDecay: weightDecay)])
    }

    @Test func restoredStateGoesOnToTheSameBits() throws {
        let (unbroken, broken) = (try parameter(), try parameter())
        let (first, second) = (try updater([unbroken]), try updater([broken]))
        for (updater, parameter) in [(first, unbroken), (second, broken)] {
            try give([0.5, -1], to: parameter)
            try updater.update(learningRate: 0.1)
        }
        let third = try updater([broken])
        try third.restore(second.state)
        for (updater, parameter) in [(first, unbroken), (third, broken)] {
            try give([0.2, 0.4], to: parameter)
            try updater.update(learningRate: 0.1)
        }
        #expect(unbroken.value.array == broken.value.array)
        #expect(third.state.counters == ["step.p": "2"])
        #expect(third.state.tensors.map(\.name) == ["exp_avg.p", "exp_avg_sq.p"])
    }

    @Test func bytesAreKnownBeforeTheyAreHeld() throws {
        let parameters = [try parameter("p"), try parameter("q", [1, 2, 3])]
        let updater = try updater(parameters)
        #expect(updater.stateByteCount == 2 * 4 * 5)
        for parameter in parameters { parameter.gradient = Tensor(zeros: parameter.shape) }
        try updater.update(learningRate: 0)
        #expect(updater.state.tensors.reduce(0) { $0 + 4 * $1.value.shape.reduce(1, *) } == updater.stateByteCount)
    }

    @Test func parametersWithoutGradientKeepEverything() throws {
        let (still, moved) = (try parameter("p"), try parameter("q"))
        let updater = try updater([still, moved])
        try give([1, 1], to: moved)
        try updater.update(learningRate: 0.1)
        #expect(still.value.array == [1, -2] && moved.value.array != [1, -2])
        #expect(updater.state.counters == ["step.q": "1"])
    }

    @Test func aRateFactorMultipliesTheRateOfItsGroup() throws {
        let (plain, faster) = (try parameter(), try parameter())
        try give([1, 1], to: plain)
        try give([1, 1], to: faster)
        try ParameterUpdater([OptimizerGroup([plain], AdamW(), weightDecay: 0)]).update(learningRate: 0.4)
        try ParameterUpdater([OptimizerGroup([faster], AdamW(), weightDecay: 0, rateFactor: 4)])
            .update(learningRate: 0.1)
        #expect(plain.value.array == faster.value.array)
    }

    @Test func groupsThatCannotBeToldApartAreRefused() throws {
        let parameter = try parameter()
        #expect(throws: OptimizerError.self) { try updater([parameter], weightDecay: -1) }
        #expect(throws: OptimizerError.self) { try updater([parameter, parameter]) }
        parameter.gradient = Tensor(zeros: [3])
        #expect(throws: OptimizerError.self) { try updater([parameter]).update(learningRate: 1) }
    }

    @Test func stateThatDoesNotFitIsRefusedAndChangesNothing() throws {
        let parameter = try parameter()
        let updater = try updater([parameter])
        try give([1, 1], to: parameter)
        try updater.update(learningRate: 0.1)
        func saved(_ tensors: [String: [Int]], _ counters: [String: String]) -> OptimizerState {
            OptimizerState(tensors: tensors.map { ($0.key, .floats(Tensor(zeros: $0.value))) }, counters: counters)
        }
        let whole = ["exp_avg.p": [2], "exp_avg_sq.p": [2]]
        for state in [
            saved(["exp_avg.q": [2], "exp_avg_sq.q": [2]], ["step.q": "1"]),
            saved(["exp_avg.p": [3], "exp_avg_sq.p": [3]], ["step.p": "1"]),
            saved(["exp_avg.p": [2]], ["step.p": "1"]),
            saved(whole.merging(["momentum_buffer.p": [2]]) { $1 }, ["step.p": "1"]),
            saved(whole, ["step.p": "0"]), saved(whole, ["step.p": "x"]), saved(whole, [:]),
            saved([:], ["step.p": "1"]),
            saved(whole, ["step.p": "1", "step.q": "1"]),
        ] {
            #expect(throws: OptimizerError.self) { try updater.restore(state) }
            #expect(updater.state.counters == ["step.p": "1"])
        }
        try updater.restore(OptimizerState(counters: ["format": "pt"]))
        #expect(updater.state.counters.isEmpty)
    }

    /// Large and small parameters take different ways through the threads.
    @Test func threadsDoNotChangeTheResult() throws {
        func values(threads: Int?) throws -> [[Float]] {
            ComputePool.shared.limitThreads(to: threads)
            defer { ComputePool.shared.limitThreads(to: nil) }
            let parameters = [70_000, 3, 200_000, 50].enumerated().map { index, count in
                Parameter(name: "\(index)", value: .normal([count], seed: 1, name: "value \(index)"))
            }
            let updater = try updater(parameters)
            for step in 0..<2 {
                for parameter in parameters {
                    parameter.gradient = .normal(parameter.shape, seed: UInt64(step), name: parameter.name)
                }
                try updater.update(learningRate: 0.01, gradientFactor: 0.5)
            }
            return parameters.map(\.value.array)
        }
        #expect(try values(threads: 1) == values(threads: nil))
    }
}
