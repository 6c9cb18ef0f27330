import Optimizers
import Testing

struct LearningRateTests {
    @Test func everyScheduleHasACase() {
        let covered = Set(ReferenceNumbers.all.schedules.map(\.name)).union(["reduce_lr_on_plateau"])
        #expect(covered == Set(ScheduleName.allCases.map(\.rawValue)))
    }

    @Test(arguments: ReferenceNumbers.all.schedules)
    func everyRateIsTheReferences(_ reference: ReferenceNumbers.ScheduleCase) throws {
        var rate = try LearningRate(
            try ScheduleName(named: reference.name), options: reference.options.mapValues(\.value),
            baseRate: reference.rate, warmupSteps: reference.warmup, totalSteps: reference.total)
        for (position, expected) in reference.rates.enumerated() {
            #expect(abs(rate.rate - expected) <= 1e-9 * reference.rate, "at \(position)")
            rate.advance()
        }
    }

    @Test(arguments: ReferenceNumbers.all.plateaus.indices)
    func plateausAreTheReferences(_ index: Int) throws {
        let reference = ReferenceNumbers.all.plateaus[index]
        var rate = try LearningRate(
            .reduceOnPlateau, options: reference.options.mapValues(\.value), baseRate: 1e-3, warmupSteps: 0,
            totalSteps: 0)
        for (number, metric) in reference.metrics.enumerated() {
            rate.observe(metric)
            #expect(abs(rate.rate - reference.rates[number]) <= 1e-15, "after evaluation \(number)")
            // A checkpoint between two evaluations changes nothing.
            let state = rate.state
            rate = try LearningRate(
                .reduceOnPlateau, options: reference.options.mapValues(\.value), baseRate: 1e-3, warmupSteps: 0,
                totalSteps: 0)
            rate.restore(state)
        }
    }

    @Test(arguments: [
        (0.0, 0.1, 4, 1), (0, 0.1, 375, 38), (0, 0.1, 9, 1), (0, 0.03, 1000, 30), (7, 0.5, 100, 7), (0.2, 0, 50, 10),
    ])
    func warmupIsACountOrAShare(steps: Double, ratio: Double, total: Int, expected: Int) {
        #expect(LearningRateSchedule.warmupSteps(steps, ratio: ratio, totalSteps: total) == expected)
    }

    @Test func wrongOptionsAreNamed() {
        #expect(throws: OptimizerError.self) { try ScheduleName(named: "greedy") }
        for (name, options) in [
            (ScheduleName.linear, ["num_cycles": ScheduleOption.number(1)]),
            (.cosine, ["num_cycles": .text("two")]),
            (.warmupStableDecay, ["decay_type": .text("steep")]),
            (.warmupStableDecay, ["num_stable_steps": .number(1.5)]),
        ] {
            #expect(throws: OptimizerError.self) {
                try LearningRate(name, options: options, baseRate: 1, warmupSteps: 0, totalSteps: 10)
            }
        }
    }
}
