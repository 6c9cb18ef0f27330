import Testing

import Datasets

struct StepPlanTests {
    struct Case: Sendable {
        var items: Int
        var batchSize: Int
        var accumulation: Int
        var epochs: Double = 3
        var maxSteps = -1
        var dropLast = false
        /// Batches of an epoch, steps of an epoch, steps in all, epochs begun.
        var expected: [Int]
    }

    static let cases = [
        Case(items: 1000, batchSize: 1, accumulation: 8, expected: [1000, 125, 375, 3]),
        Case(items: 1001, batchSize: 1, accumulation: 8, expected: [1001, 126, 378, 3]),
        Case(items: 91, batchSize: 2, accumulation: 8, expected: [46, 6, 18, 3]),
        Case(items: 10, batchSize: 4, accumulation: 4, epochs: 1, expected: [3, 1, 1, 1]),
        Case(items: 10, batchSize: 4, accumulation: 4, epochs: 1, dropLast: true, expected: [2, 1, 1, 1]),
        Case(items: 100, batchSize: 8, accumulation: 3, epochs: 2.5, expected: [13, 5, 13, 3]),
        Case(items: 100, batchSize: 8, accumulation: 3, epochs: 0.1, expected: [13, 5, 1, 1]),
        Case(items: 7, batchSize: 2, accumulation: 2, epochs: 2, expected: [4, 2, 4, 2]),
        Case(items: 100, batchSize: 8, accumulation: 3, maxSteps: 7, expected: [13, 5, 7, 2]),
        Case(items: 1, batchSize: 8, accumulation: 4, expected: [1, 1, 3, 3]),
    ]

    @Test(arguments: cases) func arithmeticOfTheReference(_ test: Case) throws {
        let plan = try StepPlan(
            items: test.items, batchSize: test.batchSize, accumulation: test.accumulation, epochs: test.epochs,
            maxSteps: test.maxSteps, dropLast: test.dropLast)
        #expect([plan.batchesPerEpoch, plan.stepsPerEpoch, plan.totalSteps, plan.epochs] == test.expected)
    }

    @Test func lastUpdateOfAnEpochTakesWhatIsLeft() throws {
        let plan = try StepPlan(items: 14, batchSize: 2, accumulation: 3, epochs: 2)
        let places = (0..<plan.totalSteps).map { plan.place(ofStep: $0) }
        #expect(places.map(\.batches) == [0..<3, 3..<6, 6..<7, 0..<3, 3..<6, 6..<7])
        #expect(places.map(\.epoch) == [0, 0, 0, 1, 1, 1])
    }

    @Test func epochsAsLogged() throws {
        let plan = try StepPlan(items: 7, batchSize: 2, accumulation: 2, epochs: 2)
        #expect((0...4).map { plan.epoch(afterSteps: $0) } == [0, 0.5, 1, 1.5, 2])
    }

    @Test func noBatchIsAnError() {
        #expect(throws: DataError.noBatches(items: 3, batchSize: 4)) {
            try StepPlan(items: 3, batchSize: 4, accumulation: 1, epochs: 1, dropLast: true)
        }
        #expect(throws: DataError.tooManySteps(epochs: 1e300)) {
            try StepPlan(items: 3, batchSize: 4, accumulation: 1, epochs: 1e300)
        }
    }
}
