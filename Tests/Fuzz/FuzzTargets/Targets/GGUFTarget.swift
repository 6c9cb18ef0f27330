import Tensors
import Tokenization
import WeightFiles

/// GGUF files: a header that lies is refused, what is accepted lies inside the file, and no vocabulary stops a reader.
struct GGUFTarget: FuzzTarget {
    static let name = "gguf"
    static let tokens = [
        "GGUF", "general.alignment", "tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.model", "gpt2",
        "llama",
        "\u{8}\u{0}\u{0}\u{0}", "\u{9}\u{0}\u{0}\u{0}", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        "\u{7F}\u{7F}\u{7F}\u{7F}",
    ]
    static var seeds: [[UInt8]] {
        let matrix = TensorToWrite(name: "m", type: .float32, shape: [2, 32], bytes: Array(repeating: 0, count: 256))
        let tensors = GGUFTensorType.allCases.map {
            GGUFTensorToWrite(name: "blk.0.\($0.name)", type: $0, parts: [matrix], shape: [2, 32])
        }
        func vocabulary(_ model: String) -> [(key: String, value: GGUFValue)] {
            [
                ("general.architecture", .text("llama")), ("tokenizer.ggml.model", .text(model)),
                ("tokenizer.ggml.pre", .text("gpt-2")), ("tokenizer.ggml.tokens", .texts(["a", "b", "ab", "<s>"])),
                ("tokenizer.ggml.token_type", .integers([1, 1, 1, 3])), ("tokenizer.ggml.merges", .texts(["a b"])),
                ("tokenizer.ggml.scores", .floats([0, 0, -1, 0])), ("tokenizer.ggml.bos_token_id", .unsigned(3)),
            ]
        }
        return ["gpt2", "llama"].compactMap { model in
            var bytes: [UInt8] = []
            try? GGUFWriter.write(metadata: vocabulary(model), tensors: tensors) { bytes.append(contentsOf: $0) }
            return bytes
        }
    }
    private let file = ScratchFile("model.gguf")

    func take(_ input: [UInt8]) throws {
        try file.write(input)
        defer { file.remove() }
        let opened = try GGUFFile(path: file.path)
        for record in opened.records where !record.shape.contains(0) {
            let numbers = try opened.weight(record.name, as: "w", shape: record.shape).widened()
            guard numbers.count == record.shape.reduce(1, *) else {
                throw BrokenPromise("\(record.name) has \(numbers.count) numbers")
            }
        }
        _ = try Tokenizer(directory: file.path).encode("abab <s>")
    }

    static func isExpected(_ error: any Error) -> Bool { error is GGUFError || error is TokenizerError }
}
