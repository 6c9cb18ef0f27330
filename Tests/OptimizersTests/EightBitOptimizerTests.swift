import Optimizers
import Tensors
import Testing

/// State in 8 bits is a quarter as large and leads nearly to the same place.
struct EightBitOptimizerTests {
    static let names: Set = [
        "adamw_8bit", "adamw_bnb_8bit", "paged_adamw_8bit", "ademamix_8bit", "paged_ademamix_8bit", "lion_8bit",
        "paged_lion_8bit", "rmsprop_bnb_8bit",
    ]
    private static let whole = [
        "adamw_8bit": "adamw_torch", "ademamix_8bit": "ademamix", "lion_8bit": "lion_32bit",
        "rmsprop_bnb_8bit": "rmsprop_bnb",
    ]

    private func parameters() -> [Parameter] {
        [4096, 64 * 129, 4095].enumerated().map { index, count in
            let shape = index == 1 ? [64, 129] : [count]
            return Parameter(name: "p\(index)", value: .normal(shape, seed: 3, name: "value \(index)"))
        }
    }

    /// Six updates with gradients that have a direction, as in training.
    private func train(_ parameters: [Parameter], _ name: String, interrupted: Bool = false) throws -> ParameterUpdater
    {
        func updater() throws -> ParameterUpdater {
            let optimizer = try OptimizerRegistry.optimizer(named: name, OptimizerSettings())
            return try ParameterUpdater([OptimizerGroup(parameters, optimizer, weightDecay: 0.1)])
        }
        var current = try updater()
        for step in 0..<6 {
            for parameter in parameters {
                let noise = Tensor.normal(parameter.shape, seed: UInt64(step), name: parameter.name)
                let direction = Tensor.normal(parameter.shape, seed: 9, name: parameter.name)
                parameter.gradient = try Tensor(
                    zip(direction.array, noise.array).map { $0 + 0.3 * $1 }, shape: parameter.shape)
            }
            if interrupted {
                let fresh = try updater()
                try fresh.restore(current.state)
                current = fresh
            }
            try current.update(learningRate: 0.01)
        }
        return current
    }

    @Test(arguments: whole.keys.sorted())
    func movesLikeFullPrecision(name: String) throws {
        let (coded, exact, start) = (parameters(), parameters(), parameters())
        let updater = try train(coded, name)
        let reference = try train(exact, Self.whole[name] ?? "")
        for (index, (coded, exact)) in zip(coded, exact).enumerated() {
            let before = start[index].value.array
            let (found, expected) = (coded.value.array, exact.value.array)
            guard coded.count >= 4096 else {
                #expect(found == expected, "a small tensor keeps float32")
                continue
            }
            func length(_ left: [Float], _ right: [Float]) -> Double {
                zip(left, right).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
            }
            let moved = length(found, expected) / length(expected, before)
            // Lion turns rounding into whole steps.
            #expect(moved > 0 && moved < (name == "lion_8bit" ? 0.05 : 0.015), "\(moved)")
        }
        let small = 4095
        let (count, held) = (coded.reduce(0) { $0 + $1.count }, reference.stateByteCount)
        let perElement = held / count
        #expect(
            updater.stateByteCount == perElement * small + perElement * (count - small) / 4 + perElement * (16 + 33))
    }

    @Test(arguments: whole.keys.sorted())
    func interruptionChangesNoBit(name: String) throws {
        let (unbroken, broken) = (parameters(), parameters())
        _ = try train(unbroken, name)
        _ = try train(broken, name, interrupted: true)
        for (one, other) in zip(unbroken, broken) { #expect(one.value.array == other.value.array) }
    }

    @Test func stateOfAnotherPrecisionIsRefused() throws {
        let parameters = parameters()
        let coded = try train(parameters, "adamw_8bit")
        let whole = try train(parameters, "adamw_torch")
        #expect(throws: OptimizerError.self) { try whole.restore(coded.state) }
        #expect(throws: OptimizerError.self) { try coded.restore(whole.state) }
    }
}
