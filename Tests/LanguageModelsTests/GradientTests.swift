import JSONDocuments
import LanguageModels
import Tensors
import Testing
import WeightFiles

/// Loss and every gradient of three packed sequences, element by element against PyTorch.
@Suite struct GradientTests {
    struct Batch {
        var tokens: [Int32]
        var labels: [Int32]
        var layout: SequenceLayout

        init(_ fixture: Fixture) throws {
            let sequences = fixture.expected["sequences"]?.array ?? []
            tokens = sequences.flatMap { $0["ids"].tokens }
            labels = sequences.flatMap { $0["labels"].tokens }
            layout = try SequenceLayout(lengths: sequences.map { $0["ids"].tokens.count })
        }
    }

    @Test(
        arguments: ["llama-gradients", "qwen2-gradients"] + ModelFixtureTests.families,
        [CheckpointPolicy.recompute, .keep]
    )
    func fullTraining(name: String, policy: CheckpointPolicy) throws {
        let fixture = try Fixture(name)
        let batch = try Batch(fixture)
        let model = try fixture.model().makingTrainable { _ in true }
        let count = try DecoderModel.shifted(batch.labels, layout: batch.layout).count { $0 != -100 }
        let tape = Tape(recording: true, checkpointPolicy: policy)
        let result = try model.loss(
            batch.tokens, labels: batch.labels, layout: batch.layout, on: tape,
            options: CrossEntropyOptions(scale: 1 / Float(count)))
        try tape.backward(from: result.loss)
        let expected = try #require(fixture.expected["full_loss"]?.double)
        #expect(abs(Double(result.loss.value[0]) - expected) < 1e-5 * expected)

        let gradients = try SafetensorsFile(path: "\(fixture.directory)/full_gradients.safetensors")
        #expect(model.parameters.count == gradients.records.count && model.parameters.count > 14)
        for parameter in model.parameters {
            let reference = try gradients.tensor(named: parameter.name).array
            let found = try #require(parameter.gradient, "no gradient for \(parameter.name)").array
            let largest = reference.reduce(0) { max($0, abs($1)) }
            #expect(difference(found, reference) <= 1e-4 * largest, "\(parameter.name)")
        }
    }

    /// Only the named tensors train; the others stay where they lie in the file and get no gradient.
    @Test func partlyTrainable() throws {
        let fixture = try Fixture("llama-gradients")
        let batch = try Batch(fixture)
        let model = try fixture.model().makingTrainable { $0.contains("layers.1.") }
        let tape = Tape(recording: true)
        let result = try model.loss(
            batch.tokens, labels: batch.labels, layout: batch.layout, on: tape,
            options: CrossEntropyOptions(scale: 0.5))
        try tape.backward(from: result.loss)
        #expect(model.parameters.count == 9 && model.parameters.allSatisfy { $0.gradient != nil })
    }
}
