import LanguageModels
import LinuxSystem
import ModelExport
import Tensors
import Testing
import WeightFiles

@Suite struct ExportProofTests {
    private static let prompts: [[Int32]] = [[1, 5, 9], [2, 3]]

    private func subject(_ model: DecoderModel) -> ExportProof.Subject {
        ExportProof.Subject(model, forgetPages: {})
    }

    @Test func aModelAgreesWithItself() throws {
        let model = try DecoderModel.load(directory: ExportFixture.adapters + "/base")
        let proof = ExportProof(prompts: Self.prompts, format: .float32)
        let comparison = try proof.compare(subject(model), subject(model))
        #expect(comparison.problem == nil && comparison.agreement == 1 && comparison.largestDifference == 0)
        #expect(comparison.count == Self.prompts.reduce(0) { $0 + $1.count - 1 + ExportProof.steps })
    }

    /// One weight that is not what it should be is found.
    @Test func aChangedModelIsFound() throws {
        let model = try DecoderModel.load(directory: ExportFixture.adapters + "/base")
        let changed = try model.replacingTensors { name, value in
            guard name.hasSuffix("layers.0.mlp.down_proj.weight") else { return value }
            let numbers = value.widened()
            for position in 0..<numbers.count { numbers[position] += 0.5 }
            return .frozen(Weight(name: name, tensor: numbers))
        }
        let comparison = try ExportProof(prompts: Self.prompts, format: .float32)
            .compare(subject(model), subject(changed))
        #expect(comparison.problem != nil)
    }
}
