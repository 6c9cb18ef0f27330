import Adapters
import Foundation
import JSONDocuments
import JSONRPC
import LanguageModels
import LinuxSystem
import ServiceAPI
import Tensors
import Testing
import Tokenization
import WeightFiles

import WorkerService

/// A folder with a model of random weights, a tokenizer of single bytes, and an adapter; gone with the fixture.
final class ModelFolderFixture {
    let directory: String
    let model: DecoderModel
    var adapter: String { "\(directory)/adapter" }
    static let special = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("worker-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory + "/adapter", withIntermediateDirectories: true)
        let configuration = try ModelConfiguration([
            "model_type": "qwen2", "vocab_size": 259, "hidden_size": 32, "intermediate_size": 48,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3,
            "eos_token_id": 257,
        ])
        model = try DecoderModel.initialized(configuration, seed: 11)
        let output = try OutputDirectory(path: directory)
        try model.save(
            into: output, generation: GenerationDefaults(directory: directory, configuration: configuration),
            storedAs: .float32)
        try output.writeFile("tokenizer.json", bytes: Self.tokenizer.serializedBytes(.compact))
        try output.writeFile(
            "tokenizer_config.json",
            bytes: (["eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"] as JSONValue).serializedBytes(.compact))

        let wanted = AdapterConfiguration(
            baseModel: directory, rank: 2, alpha: 8, targetModules: .names(["q_proj", "down_proj"]))
        let adapter = try Adapter.fresh(wanted, for: model, seed: 3)
        for parameter in adapter.parameters where parameter.name.contains("lora_B") {
            for index in 0..<parameter.count { parameter.value[index] = Float((index * 7) % 11 - 5) / 10 }
        }
        try adapter.save(into: OutputDirectory(path: self.adapter))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The byte-level alphabet as vocabulary, without merges.
    private static var tokenizer: JSONValue {
        var vocabulary = JSONObject()
        var next: UInt32 = 256
        for byte in UInt32(0)..<256 {
            let printable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            let scalar = Unicode.Scalar(printable ? byte : next) ?? " "
            if !printable { next += 1 }
            vocabulary[String(Character(scalar))] = .integer(Int64(byte))
        }
        let byteLevel: JSONValue = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
        ]
        let added = special.enumerated().map { index, text -> JSONValue in
            [
                "id": .integer(Int64(256 + index)), "content": .string(text), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true,
            ]
        }
        return [
            "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
            "normalizer": .null, "pre_tokenizer": byteLevel, "post_processor": .null, "decoder": byteLevel,
            "model": [
                "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
                "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                "vocab": .object(vocabulary), "merges": [],
            ],
        ]
    }
}

/// A model service and a client of it, joined by a socket pair on one loop.
final class ServicePair {
    let loop: EventLoop
    let client: RPCPeer
    private let server: RPCPeer
    private let service: ModelService
    var progress: [JSONValue] = []
    /// The folders of each list of adapters that was told.
    var adapters: [[String]] = []
    /// Called with each piece of progress.
    var onProgress: () -> Void = {}

    init() throws {
        loop = try EventLoop()
        let (left, right) = try UnixSocket.pair()
        client = try RPCPeer(FileDescriptor(owning: left), loop: loop)
        server = try RPCPeer(FileDescriptor(owning: right), loop: loop)
        let service = try ModelService(loop: loop)
        self.service = service
        service.notify = { [weak server] in server?.notify($0, $1) }
        server.onRequest = { if !service.accept($0) { $0.fail(.methodNotFound($0.method)) } }
        client.onNotification = { [weak self] method, parameters in
            if method == WorkerAdapters.name {
                self?.adapters.append((parameters?["adapters"]?.array ?? []).compactMap { $0["adapter"]?.string })
            }
            guard let self, method == "$/progress", let value = parameters?["value"] else { return }
            self.progress.append(value)
            self.onProgress()
        }
    }

    /// Sends a request and runs the loop until its answer is there.
    func call(_ method: String, _ parameters: JSONValue, started: (Int64) -> Void = { _ in }) throws -> JSONValue {
        var answer: Result<JSONValue, RPCError>?
        started(client.call(method, parameters) { answer = $0 })
        let deadline = ContinuousClock.now + .seconds(60)
        while answer == nil, ContinuousClock.now < deadline { try loop.runOnce(atMost: 1) }
        return try #require(answer, "no answer within a minute").get()
    }

    /// The error that a request must end with.
    func failure(_ method: String, _ parameters: JSONValue) throws -> ServiceError {
        ServiceError(try #require(throws: RPCError.self) { try call(method, parameters) })
    }
}
