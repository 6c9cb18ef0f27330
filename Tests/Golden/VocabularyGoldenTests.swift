import Foundation
import JSONDocuments
import Testing
import WeightFiles

/// Runs whose vocabulary grows.
@Suite(.serialized, .enabled(if: GoldenRun.shared != nil))
struct VocabularyGoldenTests {
    /// New rows are random, so the weights are compared by their shapes.
    @Test func adaptersWithNewTokensHaveTheReferencesShapesAndLosses() throws {
        let run = try GoldenRun("vocab-lora")
        try run.perform()
        try run.expectSameHistory()
        let file = "\(try #require(GoldenRun.shared))/golden/runs/vocab-lora/check.json"
        let check = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: file))))
        for (name, shapes) in try #require(check["shapes"]?.object) {
            let ours = try SafetensorsFile(path: "\(run.output)/\(name)")
            for (tensor, shape) in try #require(shapes.object) {
                #expect(ours[tensor]?.shape == shape.array?.compactMap { $0.integer.map { Int($0) } }, "\(tensor)")
            }
        }
    }
}
