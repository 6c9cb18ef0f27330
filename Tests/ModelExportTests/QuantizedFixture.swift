import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import Tensors
import WeightFiles

extension ExportFixture {
    /// A random model of sizes that packed layers and blocks fit, with the training fixtures' tokenizer.
    func packableModel() throws -> String {
        let path = "\(folder)/packable"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let source = "\(Self.training)/model"
        for name in ["tokenizer.json", "tokenizer_config.json"] where FileSystem.isFile("\(source)/\(name)") {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(path)/\(name)")
        }
        var object = JSONValue.object(try ModelConfiguration(directory: source).source)
        let sizes: [(String, Int64)] = [
            ("hidden_size", 64), ("intermediate_size", 96), ("num_attention_heads", 4), ("num_key_value_heads", 2),
            ("head_dim", 16), ("num_hidden_layers", 2),
        ]
        for (key, value) in sizes { object[key] = .integer(value) }
        object["initializer_range"] = 0.15
        let configuration = try ModelConfiguration(object)
        let model = try DecoderModel.initialized(configuration, seed: 11)
        try model.save(
            into: OutputDirectory(path: path),
            generation: GenerationDefaults(directory: path, configuration: configuration), storedAs: .float32)
        return path
    }

    /// Lines of JSON with texts that are long enough.
    func calibrationData() throws -> String {
        let path = "\(folder)/calibration.jsonl"
        let lines = (0..<40).map { line in
            "{\"text\": \"" + (0..<60).map { "word\(($0 * 7 + line) % 23)" }.joined(separator: " ") + "\"}"
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
        return path
    }
}
