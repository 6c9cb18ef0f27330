import Checkpoints
import Foundation
import JSONDocuments
import Testing

/// What an output folder holds, without times.
extension RunFixture {
    func contents() throws -> [String: String] {
        let files = try #require(FileManager.default.enumerator(atPath: output))
        var contents: [String: String] = [:]
        for case let name as String in files {
            let path = "\(output)/\(name)"
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
                contents[name] = "folder"
                continue
            }
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard let text = String(data: data, encoding: .utf8) else {
                contents[name] = data.base64EncodedString()
                continue
            }
            contents[name] = try timeless(text, name)
        }
        return contents
    }

    private func timeless(_ text: String, _ name: String) throws -> String {
        if name.hasSuffix(".jsonl") {
            return try text.split(separator: "\n").map {
                Self.timeless(try JSONValue(parsing: Array($0.utf8))).serialized()
            }.joined(separator: "\n")
        }
        if name.hasSuffix(CheckpointManifest.fileName) {
            let folder = "\(output)/\(name.dropLast(CheckpointManifest.fileName.count + 1))"
            var manifest = try CheckpointManifest.read(from: folder)
            try manifest.verify(in: folder)
            // It holds times, and is compared itself.
            for index in manifest.files.indices where manifest.files[index].name == TrainerState.fileName {
                (manifest.files[index].size, manifest.files[index].xxh3) = (0, "")
            }
            return try JSONValue(encoding: manifest).serialized()
        }
        if name.hasSuffix(".json") { return Self.timeless(try JSONValue(parsing: Array(text.utf8))).serialized() }
        return text.split(separator: "\n").filter { line in !Self.times.contains { line.contains($0) } }
            .joined(separator: "\n")
    }

    private static let times = ["_runtime", "_per_second", "elapsed_time", "remaining_time", "throughput"]

    private static func timeless(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(timeless))
        case .object(let object):
            .object(
                JSONObject(
                    object.filter { entry in !times.contains { entry.key.hasSuffix($0) } }.map {
                        (key: $0.key, value: timeless($0.value))
                    }))
        default: value
        }
    }

    func expectContents(_ expected: [String: String], _ comment: String) throws {
        let found = try contents()
        #expect(found.keys.sorted() == expected.keys.sorted(), "\(comment)")
        for (name, content) in expected where found[name] != content {
            Issue.record(
                "\(comment): \(name) is\n\((found[name] ?? "absent").prefix(3000))\nnot\n\(content.prefix(3000))")
        }
    }
}
