import Foundation
import JSONDocuments
import LanguageModels
import LinuxSystem
import ServiceAPI
import Tensors
import Testing
import WeightFiles

import WorkerService

/// Weights with a number that is none end every request by the tensor's name.
@Suite struct NotFiniteTests {
    static let tensor = "model.layers.1.mlp.up_proj.weight"

    @Test(
        arguments: [
            ("worker.logprobs", ["ids": [72, 105, 32]]), ("worker.generate", ["ids": [72, 105]]),
            ("worker.generate", ["ids": [72, 105], "overrides": ["use_cache=false"]]), ("worker.load", [:]),
        ] as [(String, JSONObject)])
    func requestsNameTheTensor(method: String, fields: JSONObject) throws {
        let fixture = try ModelFolderFixture()
        var tensors = fixture.model.tensorsToWrite()
        let place = try #require(tensors.firstIndex { $0.name == Self.tensor })
        let weight = try #require(fixture.model.tensors.first { $0.name == Self.tensor }?.value.widened())
        var numbers = weight.array
        numbers[5] = .nan
        tensors[place] = TensorToWrite(name: Self.tensor, tensor: try Tensor(numbers, shape: weight.shape))
        try CheckpointWriter.write(tensors, into: OutputDirectory(path: fixture.directory))
        var request = fields
        request["model"] = .string(fixture.directory)
        let error = try ServicePair().failure(method, .object(request))
        #expect(error.kind == .notFinite)
        #expect(error.message.contains("'\(Self.tensor)' holds nan (number 5 of it)"), "\(error.message)")
    }

    @Test func adaptersToo() throws {
        let fixture = try ModelFolderFixture()
        let path = "\(fixture.adapter)/adapter_model.safetensors"
        let file = try SafetensorsFile(path: path)
        let tensors = try file.records.enumerated().map { index, record in
            var numbers = try file.tensor(named: record.name).array
            if index == 1 { numbers[0] = -.infinity }
            return TensorToWrite(name: record.name, tensor: try Tensor(numbers, shape: record.shape))
        }
        try OutputDirectory(path: fixture.adapter).writeFile(
            "adapter_model.safetensors", bytes: SafetensorsWriter.bytes(tensors))
        let request: JSONValue = [
            "model": .string(fixture.directory), "adapter": .string(fixture.adapter), "ids": [72, 105],
        ]
        for method in ["worker.load", "worker.adapter.load", "worker.logprobs", "worker.generate"] {
            let error = try ServicePair().failure(method, request)
            #expect(error.kind == .notFinite && error.message.contains(file.records[1].name), "\(method)")
        }
    }

    /// The folder of a model whose numbers overflow on the way, though each weight is one.
    @Test func finiteWeightsAreNotBlamed() throws {
        let fixture = try ModelFolderFixture()
        let name = "model.layers.0.input_layernorm.weight"
        var tensors = fixture.model.tensorsToWrite()
        let place = try #require(tensors.firstIndex { $0.name == name })
        let huge = Tensor(uninitialized: [32])
        huge.fill(.greatestFiniteMagnitude)
        tensors[place] = TensorToWrite(name: name, tensor: huge)
        try CheckpointWriter.write(tensors, into: OutputDirectory(path: fixture.directory))
        let request: JSONValue = ["model": .string(fixture.directory), "ids": [72, 105]]
        for method in ["worker.logprobs", "worker.generate"] {
            let error = try ServicePair().failure(method, request)
            #expect(error.kind == .notFinite && error.message.contains("are finite"), "\(error.message)")
        }
    }
}
