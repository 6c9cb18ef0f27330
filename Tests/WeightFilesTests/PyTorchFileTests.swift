import Foundation
import LinuxSystem
import Tensors
import Testing
import WeightFiles

/// Files of scripts/fixtures/pytorch.py, and files of our own.
@Suite struct PyTorchFileTests {
    private func inFolder(_ name: String, _ body: (CheckpointWeights) throws -> Void) throws {
        let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/pytorch").path
        try withTemporaryDirectory { folder in
            try FileManager.default.copyItem(atPath: "\(fixtures)/\(name)", toPath: "\(folder)/pytorch_model.bin")
            try body(CheckpointWeights(directory: folder))
        }
    }

    @Test func readsWhatPyTorchHasSaved() throws {
        try inFolder("weights.bin") { weights in
            let expected = (0..<12).map { Float($0) / 8 - 0.5 }
            for type in ["float32", "float16", "bfloat16"] {
                let weight = try weights.weight(type, shape: [3, 4])
                #expect(weight.format?.rawValue == type && weight.widened().array == expected)
            }
            #expect(try weights.weight("parameter", shape: [2, 4]).widened().array == Array(expected[..<8]))
            // Of numbers that two tensors share, each finds its own.
            #expect(try weights.weight("part", shape: [2, 2]).widened().array == [2, 3, 4, 5])
            #expect(try weights.weight("whole", shape: [8]).widened().array == (0..<8).map { Float($0) })
            #expect { try weights.weight("transposed", shape: [4, 3]) } throws: { "\($0)".contains("contiguous") }
            #expect { try weights.weight("counts", shape: [3]) } throws: { "\($0)".contains("counts") }
            #expect(throws: WeightFileError.self) { try weights.weight("absent", shape: [1]) }
        }
    }

    /// A pickle that calls anything is refused by the name of what it calls, which does not happen.
    @Test func executesNothing() throws {
        #expect {
            try inFolder("command.bin") { _ in }
        } throws: {
            "\($0)".contains("asks for posix.system") || "\($0)".contains("asks for os.system")
        }
        #expect(!FileManager.default.fileExists(atPath: "/tmp/executed"))
    }

    @Test(arguments: [
        ("list.bin", "dictionary"), ("old.bin", "before 1.6"), ("empty.bin", "no entry weights/data.pkl"),
    ])
    func refusesWhatHoldsNoWeights(name: String, words: String) throws {
        #expect { try inFolder(name) { _ in } } throws: { "\($0)".contains(words) }
    }

    /// A file that ends early, or of which a byte is another one, is refused or read, and nothing worse.
    @Test func survivesDamage() throws {
        let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/pytorch").path
        let bytes = try MappedFile.contents(of: "\(fixtures)/weights.bin")
        try withTemporaryDirectory { folder in
            func read(_ changed: [UInt8]) throws {
                try AtomicFile.write(changed, to: "\(folder)/pytorch_model.bin")
                guard let weights = try? CheckpointWeights(directory: folder) else { return }
                for name in weights.names { _ = try? weights.weight(name, shape: weights.record(name)?.shape ?? []) }
            }
            for length in stride(from: 0, to: bytes.count, by: 97) { try read(Array(bytes[..<length])) }
            for place in stride(from: 0, to: bytes.count, by: 31) {
                var changed = bytes
                changed[place] ^= 0xFF
                try read(changed)
            }
        }
    }

    /// Each entry is stored as it is, and its numbers begin at a multiple of 64 as PyTorch places them.
    @Test func placesNumbersAsPyTorchDoes() throws {
        try withTemporaryDirectory { folder in
            let tensors = [3, 100, 7].enumerated().map { number, count in
                TensorToWrite(
                    name: "t\(number)", tensor: Tensor((0..<count).map { Float($0) + Float(number) * 0.5 }),
                    storedAs: .bfloat16)
            }
            let file = try AtomicFile(replacing: "\(folder)/pytorch_model.bin")
            try PyTorchWriter.write(tensors, stem: "pytorch_model", to: file)
            try file.commit()
            let weights = try CheckpointWeights(directory: folder)
            #expect(weights.names == ["t0", "t1", "t2"])
            #expect(try weights.weight("t2", shape: [7]).widened().array == (0..<7).map { Float($0) + 1 })
            let bytes = try MappedFile.contents(of: "\(folder)/pytorch_model.bin")
            for number in 0..<3 {
                let name = Array("pytorch_model/data/\(number)".utf8)
                let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
                let extra = Int(bytes[start - 2]) | Int(bytes[start - 1]) << 8
                #expect((start + name.count + extra) % 64 == 0)
                #expect(bytes[start - 22] == 0 && bytes[start - 21] == 0, "is compressed")
            }
        }
    }
}
