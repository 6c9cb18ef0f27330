import Foundation
import JSONDocuments
import Testing
import Tokenization
import WeightFiles

/// Real vocabularies through the metadata of a GGUF file: every id must stay.
struct GGUFTokenizerGoldenTests {
    @Test(.enabled(if: TokenizerGoldenTests.folder != nil), arguments: ["llama2", "llama3", "qwen2"])
    func idsStay(name: String) throws {
        let folder = try #require(TokenizerGoldenTests.folder) + "/" + name
        let tokenizer = try Tokenizer(directory: folder)
        let size = try #require(
            JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: folder + "/tokenizer.json"))))["model"]?[
                "vocab"]?.object?.count)
        let metadata = try tokenizer.ggufMetadata(size: size + 1000, endTokens: [])
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).gguf")
        var bytes: [UInt8] = []
        try GGUFWriter.write(metadata: metadata, tensors: []) { bytes.append(contentsOf: $0) }
        try Data(bytes).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let again = try Tokenizer(directory: path.path)
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json"))
        for example in try JSONValue(parsing: Array(data)).decoded(as: [TokenizerGoldenTests.Case].self) {
            #expect(try again.encode(example.text) == example.ids, "\(name): \(example.text.debugDescription)")
            let decoded = try again.decode(example.ids)
            #expect(decoded.utf8.elementsEqual(example.decoded.utf8), "\(name): \(example.ids)")
        }
    }
}
