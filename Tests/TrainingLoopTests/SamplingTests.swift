import JSONDocuments
import Testing
import TrainingLoop

/// Orders other than a permutation.
struct SamplingTests {
    private func losses(_ overrides: [String]) throws -> [Double] {
        let fixture = RunFixture()
        try fixture.run("sft-grouped", ["max_steps=8"] + overrides)
        return try fixture.history().compactMap { $0["loss"]?.double }
    }

    @Test func bothSpellingsGroup() throws {
        let grouped = try losses([])
        #expect(try losses(["train_sampling_strategy=random", "group_by_length=true"]) == grouped)
        #expect(try losses(["train_sampling_strategy=random"]) != grouped)
    }

    @Test func sequentialIsTheDatasOwnOrder() throws {
        let own = try losses(["train_sampling_strategy=random", "disable_shuffling=true"])
        #expect(try losses(["train_sampling_strategy=sequential"]) == own)
        #expect(try losses(["disable_shuffling=true"]) == own, "the data's own order wins over grouping")
    }

    @Test func everyCheckpointLeadsToTheSameEnd() throws {
        try RunFixture.expectEveryCheckpointLeadsToTheSameEnd("sft-grouped", ["max_steps=10"])
    }
}
