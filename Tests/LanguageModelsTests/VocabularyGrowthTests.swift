import LanguageModels
import Tensors
import Testing

/// Models that get rows for new tokens.
struct VocabularyGrowthTests {
    private func rows(_ model: DecoderModel, _ name: String) throws -> Tensor {
        try #require(model.tensors.first { $0.name == name }).value.widened()
    }

    @Test func newRowsAreMeansWithNoise() throws {
        let model = try Fixture("llama-gradients").model()
        let (size, hidden) = (model.configuration.vocabularySize, model.configuration.hiddenSize)
        let wanted = VocabularyGrowth.paddedRows(size + 1)
        let growth = VocabularyGrowth(rows: wanted, tokens: [Int32(size)], noise: .onMeans, seed: 7)
        let grown = try model.growing(growth)
        #expect(grown.configuration.vocabularySize == wanted && wanted % 64 == 0 && wanted - size <= 64)
        for path in Set([model.embeddingPath, grown.headPath]) {
            guard let before = try? rows(model, "\(path).weight") else { continue }
            let after = try rows(grown, "\(path).weight")
            #expect((0..<size).allSatisfy { after.row($0) == before.row($0) })
            let mean = Weight(name: "m", tensor: before).meanRow().array
            let noise = (size..<wanted).flatMap { row in zip(after.row(row), mean).map { $0 - $1 } }
            let deviation = (noise.reduce(0) { $0 + $1 * $1 } / Float(noise.count)).squareRoot()
            let expected = 1 / Float(hidden).squareRoot()
            #expect(abs(deviation / expected - 1) < 0.15)
        }
        #expect(
            try rows(model.growing(growth), "\(model.embeddingPath).weight").array
                == rows(grown, "\(model.embeddingPath).weight").array)
        var other = growth
        other.seed = 8
        #expect(
            try rows(model.growing(other), "\(model.embeddingPath).weight").array
                != rows(grown, "\(model.embeddingPath).weight").array)
    }

    /// A described token begins as the mean of its description's known tokens; one that takes a row that was there
    /// needs no more rows.
    @Test func describedTokensBeginAsTheirDescriptions() throws {
        let model = try Fixture("llama-gradients").model()
        let last = Int32(model.configuration.vocabularySize - 1)
        let name = "\(model.embeddingPath).weight"
        let before = try rows(model, name)
        let growth = VocabularyGrowth(
            rows: 0, tokens: [last - 1, last], descriptions: [last - 1: [3, 5, last], last: [last]], noise: .onMeans)
        let grown = try model.growing(growth)
        #expect(grown.configuration.vocabularySize == model.configuration.vocabularySize)
        let after = try rows(grown, name)
        let described = zip(before.row(3), before.row(5)).map { ($0 + $1) / 2 }
        #expect(difference(after.row(Int(last - 1)), described) < 1e-6)
        // Nothing of its description is known: the mean of all, with noise.
        let mean = Weight(name: "m", tensor: before).meanRow(leavingOut: [Int(last - 1), Int(last)]).array
        #expect(difference(after.row(Int(last)), mean) > 1e-3)
        var noisy = growth
        noisy.noise = .onDescriptions
        #expect(difference(try rows(model.growing(noisy), name).row(Int(last - 1)), described) > 1e-3)
        #expect(difference(try rows(model.growing(noisy), name).row(Int(last)), mean) < 1e-6)
    }

    @Test func aModelThatNeedsNothingStaysItself() throws {
        let model = try Fixture("llama-gradients").model()
        #expect(try model.growing(VocabularyGrowth(rows: 3)) === model)
        let trainable = try model.makingTrainable { _ in true }
        #expect(throws: TensorError.self) { try trainable.growing(VocabularyGrowth(rows: 1 << 12)) }
    }
}
