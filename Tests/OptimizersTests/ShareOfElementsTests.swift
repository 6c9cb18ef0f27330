import Optimizers
import Tensors
import Testing

struct ShareOfElementsTests {
    private func parameter(_ count: Int) -> Parameter { Parameter(name: "w", value: Tensor(zeros: [count])) }

    private func updater(
        _ parameters: [Parameter], ratio: Double, _ pattern: ShareOfElements.Pattern
    ) throws -> ParameterUpdater {
        try ParameterUpdater([
            OptimizerGroup(
                parameters, ShareOfElements(TransformersAdamW(), ratio: ratio, pattern: pattern, seed: 7),
                weightDecay: 0)
        ])
    }

    /// Places that moved during a number of updates.
    private func moved(_ parameter: Parameter, _ updater: ParameterUpdater, steps: Int) throws -> [Int] {
        let before = parameter.value.array
        parameter.gradient = Tensor(zeros: parameter.shape)
        parameter.gradient?.fill(1)
        for _ in 0..<steps { try updater.update(learningRate: 0.01) }
        return zip(parameter.value.array, before).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
    }

    @Test(arguments: [(256, 12), (128, 6), (384, 19), (16, 0)]) func aShareMoves(count: Int, active: Int) throws {
        let parameter = parameter(count)
        let updater = try updater([parameter], ratio: 0.05, .adjacent)
        #expect(try moved(parameter, updater, steps: 1) == Array(0..<active))
        #expect(updater.stateByteCount == 8 * active)
    }

    @Test func theNextShareFollowsAfterATurn() throws {
        let parameter = parameter(10)
        let updater = try updater([parameter], ratio: 0.3, .adjacent)
        #expect(try moved(parameter, updater, steps: 100) == [0, 1, 2])
        #expect(try moved(parameter, updater, steps: 1) == [3, 4, 5])
        #expect(updater.state.counters["step.w"] == "101")
        #expect(try moved(parameter, updater, steps: 99) == [3, 4, 5])
        #expect(try moved(parameter, updater, steps: 100) == [6, 7, 8])
        #expect(try moved(parameter, updater, steps: 100) == [0, 1, 9])
    }

    /// The first update of a turn is as long as the very first: nothing is remembered.
    @Test func aTurnBeginsAnew() throws {
        let parameter = parameter(10)
        let updater = try updater([parameter], ratio: 0.5, .adjacent)
        _ = try moved(parameter, updater, steps: 1)
        let first = parameter.value[0]
        _ = try moved(parameter, updater, steps: 100)
        #expect(parameter.value[5] == first)
    }

    @Test func scatteredSharesCoverEverythingOnce() throws {
        let (one, same) = (parameter(1000), Parameter(name: "other", value: Tensor(zeros: [1000])))
        let updater = try updater([one, same], ratio: 0.25, .scatter)
        var seen: [Int] = []
        for turn in 0..<4 {
            same.gradient = Tensor(zeros: [1000])
            same.gradient?.fill(1)
            let before = same.value.array
            let places = try moved(one, updater, steps: 100)
            #expect(places.count == 250)
            if turn == 0 { #expect(places != Array(0..<250)) }
            #expect(
                zip(same.value.array, before).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
                    == places)
            seen += places
        }
        #expect(seen.sorted() == Array(0..<1000))
    }

    /// What is not used does not count for clipping.
    @Test func theNormIsThatOfTheShare() throws {
        let parameter = parameter(10)
        let updater = try updater([parameter], ratio: 0.2, .adjacent)
        parameter.gradient = try Tensor([3, 4, 100, 100, 100, 100, 100, 100, 100, .nan], shape: [10])
        #expect(updater.gradientNorm == 5)
    }
}
