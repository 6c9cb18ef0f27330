import Foundation
import JSONDocuments
import Testing
import Tokenization

/// Every text of the shared tokenizer cases must give the same ids, and every list of ids the same text.
struct TokenizerGoldenTests {
    struct Case: Decodable {
        var text: String
        var ids: [Int32]
        var decoded: String
    }

    /// The folder of golden tokenizers; nil, with a printed reason, where it is not there.
    static let folder: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["FINETUNED_SHARED"]
            ?? root.deletingLastPathComponent().appendingPathComponent("shared").path
        let folder = shared + "/golden/tokenizers"
        if FileManager.default.fileExists(atPath: folder) { return folder }
        print("Golden tokenizers are left out: there is no \(folder); FINETUNED_SHARED names the shared folder.")
        return nil
    }()

    @Test(.enabled(if: folder != nil), arguments: ["llama2", "llama3", "qwen2"])
    func textsAndIDs(name: String) throws {
        let folder = try #require(Self.folder) + "/" + name
        let tokenizer = try Tokenizer(directory: folder)
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json"))
        let cases = try JSONValue(parsing: Array(data)).decoded(as: [Case].self)
        #expect(cases.count == 257)
        for example in cases {
            #expect(try tokenizer.encode(example.text) == example.ids, "\(name): \(example.text.debugDescription)")
            let decoded = try tokenizer.decode(example.ids)
            #expect(decoded.utf8.elementsEqual(example.decoded.utf8), "\(name): \(example.ids)")
            var stream = tokenizer.incrementalDecoder()
            var streamed = ""
            for identifier in example.ids { streamed += try stream.push(identifier) }
            streamed += try stream.finish()
            #expect(streamed.utf8.elementsEqual(decoded.utf8), "\(name): \(example.ids)")
        }
    }
}
