import Foundation
import RunConfiguration
import Testing

/// The table against LLaMA-Factory's parameter reference, and against itself.
struct ParameterTableTests {
    private func reference() throws -> [[String: Any]] {
        let data = Data(try fixture("reference-parameters.json").utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    @Test func holdsEveryDocumentedParameterWithItsDefault() throws {
        let rows = try reference()
        #expect(rows.count == 148)
        for row in rows {
            let name = try #require(row["name"] as? String)
            let parameter = try #require(Parameters.named(name), "\(name) is missing")
            #expect(parameter.name == name)
            #expect(matches(parameter.defaultValue, row["default"] as Any), "default of \(name)")
        }
    }

    private func matches(_ value: ConfigurationValue, _ expected: Any) -> Bool {
        switch value {
        case .null: expected is NSNull
        case .bool(let value): expected as? Bool == value
        case .integer(let value): (expected as? Int).map(Int64.init) == value || resolution(expected) == value
        case .number(let value): (expected as? Double) == value
        case .string(let text): expected as? String == text
        case .list(let items): (expected as? String) == items.map(\.description).joined(separator: ",")
        case .mapping: false
        }
    }

    private func resolution(_ expected: Any) -> Int64? {
        let sides = (expected as? String)?.split(separator: "x").compactMap { Int64($0) } ?? []
        return sides.count == 2 ? sides[0] * sides[1] : nil
    }

    @Test func hasTheDocumentedTypes() throws {
        for row in try reference() {
            let name = try #require(row["name"] as? String)
            let type = try #require(row["type"] as? String)
            let parameter = try #require(Parameters.named(name))
            // Names separated by commas are lists here; the rest is compared by its kind.
            let kind =
                switch parameter.typeName.split(separator: " ").first {
                case "list", "path": "str"
                case "mapping": "dict"
                case let word?: String(word)
                case nil: ""
                }
            let expected = [
                "int": parameter.typeName == "int or float" ? ["float"] : ["int"], "float": ["float", "int"],
                "bool": ["bool"], "str": ["str", "Literal", "dtype"],
                "dict": ["Dict", "dict"],
            ]
            #expect(expected[kind]?.contains { type.contains($0) } == true, "\(name): \(type) became \(kind)")
        }
    }

    @Test func offersAtLeastTheDocumentedChoices() throws {
        for row in try reference() {
            guard let choices = row["choices"] as? [String] else { continue }
            let name = try #require(row["name"] as? String)
            let known = try #require(Parameters.named(name)).choices
            #expect(Set(choices).isSubset(of: known), "\(name) lacks choices")
        }
    }

    @Test func namesAndAliasesAreUnique() {
        let names = Parameters.all.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
        #expect(Parameters.named("evaluation_strategy")?.name == "eval_strategy")
        #expect(Parameters.named("use_kv_cache")?.name == "use_cache")
        #expect(Parameters.named("media_dir")?.name == "image_dir")
        #expect(Parameters.named("add_special_tokens")?.name == "new_special_tokens")
    }

    @Test func everyConstantOfTheSourcesIsListed() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Configuration/RunConfiguration/Parameters").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 20)
        let declared = try files.map { try String(contentsOf: $0, encoding: .utf8) }
            .map { $0.components(separatedBy: " = Parameter<").count - 1 }.reduce(0, +)
        #expect(declared == Parameters.all.count)
    }

    @Test func everyRowIsExplained() {
        for row in Parameters.all {
            #expect(row.help.hasSuffix("."), "help of \(row.name)")
            switch row.effect {
            case .acts(let test): #expect(!test.isEmpty, "\(row.name) names no test")
            case .refused(let reason, let instead): #expect(!reason.isEmpty && !instead.isEmpty)
            case .notYet(let text), .cannotMatter(let text): #expect(!text.isEmpty, "\(row.name) gives no reason")
            }
        }
    }

    @Test func theTestsNamedByEffectsExist() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("..")
            .standardized
        for row in Parameters.all {
            guard case .acts(let test) = row.effect else { continue }
            // The golden tests' folder is called by its idea.
            let path = test.hasPrefix("GoldenTests") ? "Golden" + test.dropFirst(11) : test
            let place = tests.appendingPathComponent(path.contains("/") ? path + ".swift" : path)
            #expect(FileManager.default.fileExists(atPath: place.path), "\(row.name) names \(test)")
        }
    }

    @Test func listingHasTheContractsKeys() throws {
        guard case .list(let rows) = Parameters.listing else {
            Issue.record("the listing is a list")
            return
        }
        #expect(rows.count == Parameters.all.count)
        for key in ["name", "group", "type", "default", "choices", "help", "effect"] {
            #expect(rows[0][key] != nil)
        }
    }

    @Test func schemaDescribesNamesAndAliases() throws {
        let properties = try #require(Parameters.schema["properties"])
        let rank = try #require(properties["lora_rank"])
        #expect(rank["type"] == .string("integer"))
        #expect(rank["default"] == .integer(8))
        #expect(rank["minimum"] == .number(1))
        #expect(properties["evaluation_strategy"] != nil)
        #expect(
            properties["pref_loss"]?["enum"]
                == .list(["sigmoid", "hinge", "ipo", "kto_pair", "orpo", "simpo"].map(ConfigurationValue.string)))
        #expect(Parameters.schema["additionalProperties"] == .bool(false))
    }

    @Test func documentationIsCurrent() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/parameters.md").standardized
        if ProcessInfo.processInfo.environment["FINETUNED_UPDATE"] == "1" {
            try Parameters.reference.write(to: file, atomically: true, encoding: .utf8)
        }
        let committed = try String(contentsOf: file, encoding: .utf8)
        #expect(committed == Parameters.reference, "run FINETUNED_UPDATE=1 swift test --filter RunConfigurationTests")
    }
}
