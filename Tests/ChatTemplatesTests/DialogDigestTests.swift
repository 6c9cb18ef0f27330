import ChatTemplates
import Foundation
import JSONDocuments
import Testing
import Tokenization

/// Every registered template on dialogs with system text, turns, tools, empty parts and thoughts: the token ids of
/// the reference, as digests (scripts/fixtures/dialogs.py).
struct DialogDigestTests {
    struct Result: Sendable {
        var tokenizer: String
        var template: String
        /// By thinking: on, off, unsaid; templates without thoughts have the first alone.
        var digests: [[String]]
    }

    static let fixture: JSONValue = {
        let text = try? Data(contentsOf: URL(filePath: TemplateFixtures.folder + "/dialogs.json"))
        return text.flatMap { try? JSONValue(parsing: Array($0)) } ?? .null
    }()

    static let dialogs: [Dialog] = (fixture["dialogs"]?.array ?? []).map { entry in
        Dialog(
            messages: (entry["messages"]?.array ?? []).map {
                ChatMessage(
                    role: ChatRole(rawValue: $0["role"]?.string ?? "") ?? .user, content: $0["content"]?.string ?? "")
            }, system: entry["system"]?.string, tools: entry["tools"]?.string)
    }

    static let results: [Result] = (fixture["results"]?.array ?? []).map { entry in
        Result(
            tokenizer: entry["tokenizer"]?.string ?? "", template: entry["template"]?.string ?? "",
            digests: (entry["digests"]?.array ?? []).map {
                ($0.string ?? "").split(separator: " ").map { String($0) }
            })
    }

    /// The tokenizers of the shared folder; nil, with a printed reason, where it is not there.
    static let shared: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder =
            (ProcessInfo.processInfo.environment["FINETUNED_SHARED"]
                ?? root.deletingLastPathComponent().appendingPathComponent("shared").path) + "/golden/tokenizers"
        if FileManager.default.fileExists(atPath: folder) { return folder }
        print("Dialogs with whole vocabularies are left out: there is no \(folder).")
        return nil
    }()

    @Test func thereAreResults() {
        #expect(Set(Self.results.map(\.template)).count == 121)
        #expect(Self.dialogs.count == 14)
    }

    @Test func oneTokenACharacter() throws {
        try compare("template-tokenizer", folder: TemplateFixtures.folder + "/template-tokenizer", afresh: true)
    }

    @Test(.enabled(if: shared != nil), arguments: ["llama2", "llama3", "qwen2"])
    func wholeVocabularies(_ name: String) throws {
        try compare(name, folder: try #require(Self.shared) + "/" + name, afresh: false)
    }

    /// - Parameter afresh: each template gets the tokenizer as it is in its folder, not as the one before left it.
    private func compare(_ name: String, folder: String, afresh: Bool) throws {
        let original = try Tokenizer(directory: folder)
        let results = Self.results.filter { $0.tokenizer == name }
        #expect(results.count == 121)
        var tokenizer = original
        for result in results {
            var template = try ChatTemplate.named(result.template)
            template.date = CalendarDate(year: 2026, month: 11, day: 3)
            if afresh { tokenizer = original }
            _ = try template.fix(&tokenizer)
            let modes: [Bool?] = template.isReasoning ? [true, false, nil] : [true]
            #expect(result.digests.count == modes.count)
            for (mode, expected) in zip(modes, result.digests) {
                template.enablesThinking = mode
                let found = digests(template, tokenizer)
                #expect(found == expected, "\(result.template) with \(name), thinking \(String(describing: mode))")
            }
        }
    }

    private func digests(_ template: ChatTemplate, _ tokenizer: Tokenizer) -> [String] {
        Self.dialogs.flatMap { dialog in
            func pairs(_ body: () throws -> [TokenPair]) -> String {
                guard let pairs = try? body() else { return "error" }
                return digest(pairs.flatMap { [$0.source, $0.target] })
            }
            var digests = [
                pairs { try template.encode(dialog, with: tokenizer) },
                pairs { [try template.encodeOneTurn(dialog, with: tokenizer)] },
            ]
            if template.isReasoning {
                digests.append(
                    pairs { try template.encode(dialog, with: tokenizer, discardingHistoryThoughts: true) })
            }
            return digests
        }
    }

    private func digest(_ parts: [[Int32]]) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ word: Int32) { value = (value ^ UInt64(UInt32(bitPattern: word))) &* 0x100_0000_01b3 }
        for ids in parts {
            add(Int32(ids.count))
            ids.forEach(add)
        }
        let digits = String((value ^ value >> 32) & 0xFFFF_FFFF, radix: 16)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
