import Optimizers
import Tensors
import Testing

struct BlockSelectionTests {
    private func sequence(
        _ order: BlockSelection.Order, blocks: Int = 3, first: Int? = nil, interval: Int, steps: Int, seed: UInt64 = 1
    ) throws -> [Int] {
        var selection = try BlockSelection(
            blocks: (0..<blocks).map { .init(prefix: "layers.\($0).", parameters: ["layers.\($0).w"]) },
            order: order, first: first, interval: interval, seed: seed)
        return (0..<steps).map { _ in
            defer { selection.updates += 1 }
            #expect(selection.active == ["layers.\(selection.current).w"])
            return selection.current
        }
    }

    /// The reference's sequences: the first block gets one update less.
    @Test func blocksFollowEachOther() throws {
        #expect(try sequence(.ascending, interval: 3, steps: 14) == [0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1])
        #expect(try sequence(.descending, interval: 3, steps: 9) == [2, 2, 1, 1, 1, 0, 0, 0, 2])
        #expect(try sequence(.ascending, first: 2, interval: 3, steps: 9) == [2, 2, 0, 0, 0, 1, 1, 1, 2])
        #expect(try sequence(.ascending, interval: 1, steps: 5) == [0, 1, 2, 0, 1])
        #expect(try sequence(.fixed, interval: 2, steps: 4) == [0, 0, 0, 0])
        #expect(try sequence(.fixed, first: 1, interval: 2, steps: 4) == [1, 1, 1, 1])
        #expect(try sequence(.descending, interval: -1, steps: 4) == [2, 2, 2, 2])
    }

    @Test func randomOrdersVisitEveryBlockOnceARound() throws {
        let free = try sequence(.random, blocks: 7, interval: 1, steps: 21)
        for round in 0..<3 { #expect(Set(free[round * 7..<(round + 1) * 7]) == Set(0..<7)) }
        #expect(free[..<7] != free[7..<14])
        #expect(try sequence(.random, blocks: 7, interval: 1, steps: 21) == free)
        #expect(try sequence(.random, blocks: 7, interval: 1, steps: 21, seed: 2) != free)
        let started = try sequence(.random, blocks: 7, first: 4, interval: 1, steps: 8)
        #expect(started[0] == 4 && Set(started[1...]) == Set(0..<7))
    }

    @Test func blocksAreDecoderLayers() {
        let names = [
            "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight", "model.layers.10.norm.weight",
            "model.layers.0.self_attn.q_proj.bias", "model.norm.weight", "lm_head.weight", "layers.weight",
        ]
        #expect(
            BlockSelection.blocks(names) == [
                .init(
                    prefix: "model.layers.0.",
                    parameters: ["model.layers.0.mlp.up_proj.weight", "model.layers.0.self_attn.q_proj.bias"]),
                .init(prefix: "model.layers.10.", parameters: ["model.layers.10.norm.weight"]),
            ])
    }

    @Test func whatCannotBeSelectedIsRefused() {
        #expect(throws: OptimizerError.self) { try sequence(.ascending, blocks: 0, interval: 1, steps: 1) }
        #expect(throws: OptimizerError.self) { try sequence(.ascending, first: 3, interval: 1, steps: 1) }
    }

    /// Only the active block moves, begins anew at every turn, and an interruption changes nothing.
    @Test func oneBlockTrainsAtATime() throws {
        func parameters() throws -> [Parameter] {
            try (0..<2).map { Parameter(name: "layers.\($0).w", value: try Tensor([1, 2], shape: [2])) }
        }
        func updater(_ parameters: [Parameter]) throws -> ParameterUpdater {
            try ParameterUpdater(
                [OptimizerGroup(parameters, AdamW(), weightDecay: 0)],
                selection: BlockSelection(
                    blocks: BlockSelection.blocks(parameters.map(\.name)), order: .ascending, first: nil, interval: 2,
                    seed: 0))
        }
        func step(_ parameters: [Parameter], _ updater: ParameterUpdater) throws -> [Bool] {
            let before = parameters.map(\.value.array)
            for parameter in parameters where parameter.isTrainable {
                parameter.gradient = try Tensor([0.5, -1], shape: [2])
            }
            try updater.update(learningRate: 0.1)
            for parameter in parameters { parameter.clearGradient() }
            return zip(parameters, before).map { $0.value.array != $1 }
        }
        let (whole, broken) = (try parameters(), try parameters())
        let unbroken = try updater(whole)
        var restarted = try updater(broken)
        #expect(unbroken.stateByteCount == 2 * 2 * 4)
        for moved in [[true, false], [false, true], [false, true], [true, false]] {
            #expect(try step(whole, unbroken) == moved)
            let fresh = try updater(broken)
            try fresh.restore(restarted.state)
            restarted = fresh
            #expect(try step(broken, restarted) == moved)
            #expect(unbroken.state.counters == restarted.state.counters)
        }
        #expect(zip(whole, broken).allSatisfy { $0.value.array == $1.value.array })
        // The last turn has just ended, and with it all that was remembered.
        #expect(unbroken.state.counters == ["selection_updates": "4", "step.layers.0.w": "1"])
        #expect(throws: OptimizerError.self) { try restarted.restore(OptimizerState()) }
    }
}
