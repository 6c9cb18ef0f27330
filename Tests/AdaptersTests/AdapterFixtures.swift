import Adapters
import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import Testing
import WeightFiles

/// A base model and adapters that PEFT has saved for it; see scripts/fixtures/models.py.
struct AdapterFixtures {
    let path: String
    let model: DecoderModel
    let expected: JSONValue

    init() throws {
        path = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures").path
        model = try DecoderModel.load(directory: "\(path)/base")
        expected = try JSONValue(parsing: MappedFile.contents(of: "\(path)/expected.json"))
    }

    func adapter(_ name: String) throws -> Adapter {
        try Adapter.load(directory: "\(path)/\(name)", for: model).adapter
    }

    /// Last-position logits of the reference.
    func logits(_ name: String) -> [Float] { (expected[name]?.array ?? []).compactMap { $0.double.map { Float($0) } } }

    func computed(_ model: DecoderModel, _ adapters: LinearBranches? = nil) throws -> [Float] {
        let tokens = (expected["ids"]?.array ?? []).compactMap { $0.integer.map { Int32($0) } }
        return try model.nextLogits(tokens, cache: model.makeCache(), branches: adapters).array
    }
}

/// The largest absolute difference; infinite when the counts differ.
func difference(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count, !left.isEmpty else { return .infinity }
    return zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("adapter-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
