import Foundation
import Tensors
import Testing
import WeightFiles

/// The container: what is written is read again, and no header makes a reader crash or believe it.
struct GGUFFileTests {
    private static let metadata: [(key: String, value: GGUFValue)] = [
        ("general.architecture", .text("llama")), ("a.count", .unsigned(7)), ("a.share", .float(0.5)),
        ("a.flag", .flag(true)), ("a.words", .texts(["", "▁x", "日本"])), ("a.kinds", .integers([-1, 3])),
        ("a.scores", .floats([1, -2.5])), ("a.wide", .wide(-5)), ("a.wides", .wideList([1, 1 << 40])),
        ("a.double", .double(2.25)), ("a.doubles", .doubles([0.125])), ("a.flags", .flags([true, false])),
    ]

    private static func bytes() throws -> [UInt8] {
        let numbers = Tensor((0..<128).map { Float($0 - 64) * 0.25 })
        let matrix = try Tensor(numbers.array, shape: [2, 64])
        let tensors =
            GGUFTensorType.allCases.map { type in
                GGUFTensorToWrite(
                    name: type.name, type: type, parts: [TensorToWrite(name: "m", tensor: matrix)], shape: [2, 64])
            } + [GGUFTensorToWrite(name: "vector", numbers: [1, 2, 3])]
        var bytes: [UInt8] = []
        try GGUFWriter.write(metadata: metadata, tensors: tensors) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func open(_ bytes: [UInt8]) throws -> GGUFFile {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).gguf").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        return try GGUFFile(path: path)
    }

    @Test func whatIsWrittenIsRead() throws {
        let file = try Self.open(Self.bytes())
        #expect(file.metadata == Dictionary(uniqueKeysWithValues: Self.metadata.map { ($0.key, $0.value) }))
        #expect(file.records.map(\.name) == GGUFTensorType.allCases.map(\.name) + ["vector"])
        let numbers = (0..<128).map { Float($0 - 64) * 0.25 }
        for type in GGUFTensorType.allCases {
            #expect(file[type.name]?.shape == [2, 64] && file[type.name]?.type == type)
            let found = try file.weight(type.name, as: "w", shape: [2, 64]).widened().array
            let tolerance: Float = type == .q4_0 ? 2 : type == .q8_0 ? 0.07 : 0
            #expect(zip(found, numbers).allSatisfy { abs($0 - $1) <= tolerance }, "\(type.name)")
        }
        let swapped = try file.weight("q8_0", as: "w", shape: [2, 64]) { 1 - $0 }.widened().array
        let straight = try file.weight("q8_0", as: "w", shape: [2, 64]).widened().array
        #expect(swapped == Array(straight[64...] + straight[..<64]))
        #expect(try file.weight("f32", as: "w", shape: [64], part: 1).widened().array == Array(numbers[64...]))
        #expect(throws: GGUFError.self) { try file.weight("f32", as: "w", shape: [64, 2]) }
        #expect(throws: GGUFError.self) { try file.weight("f32", as: "w", shape: [64], part: 2) }
        #expect(throws: GGUFError.self) { try file.weight("g32", as: "w", shape: [2, 64]) }
    }

    /// Rows, experts and an offset, from other types of numbers and across pieces.
    @Test func partsAreConverted() throws {
        let numbers = (0..<400_000).map { Float($0 % 251) - 125 }
        let half = try Tensor(numbers, shape: [4, 100_000])
        let part = TensorToWrite(name: "p", tensor: half, storedAs: .bfloat16)
        var bytes: [UInt8] = []
        let tensors = [
            GGUFTensorToWrite(
                name: "t", type: .float16, parts: [part, part], shape: [2, 4, 100_000], rowOrder: { 3 - $0 }, adding: 1)
        ]
        try GGUFWriter.write(metadata: [], tensors: tensors) { bytes.append(contentsOf: $0) }
        let file = try Self.open(bytes)
        let found = try file.weight("t", as: "t", shape: [4, 100_000], part: 1).widened().array
        let rows = (0..<4).map { row in numbers[row * 100_000..<(row + 1) * 100_000].map { $0 + 1 } }
        #expect(found == rows[3] + rows[2] + rows[1] + rows[0])
    }

    /// A file that ends anywhere is refused, as is one with any byte of its header changed or read as it is.
    @Test func damagedHeadersAreRefused() throws {
        let bytes = try Self.bytes()
        // Behind the last tensor there is only what fills up.
        for count in stride(from: 0, to: bytes.count - 32, by: 7) {
            #expect(throws: GGUFError.self) { try Self.open(Array(bytes[..<count])) }
        }
        for position in stride(from: 0, to: 700, by: 3) {
            for value in [UInt8(0xFF), 0x80, 0x00] {
                var changed = bytes
                changed[position] = value
                _ = try? Self.open(changed)
            }
        }
    }

    @Test func liesAreNamed() throws {
        let bytes = try Self.bytes()
        func problem(_ change: (inout [UInt8]) -> Void) throws -> GGUFError.Problem? {
            var changed = bytes
            change(&changed)
            do {
                _ = try Self.open(changed)
                return nil
            } catch let error as GGUFError {
                return error.problem
            }
        }
        #expect(try problem { $0[0] = 0 } == .notGGUF)
        #expect(try problem { $0[4] = 9 } == .unsupportedVersion(9))
        #expect(try problem { $0.replaceSubrange(4..<8, with: [0, 0, 0, 3]) } == .bigEndian)
        #expect(try problem { $0[15] = 1 } == .tooMany(what: "tensors", count: 1 << 56 + 6, limit: 1 << 20))
        #expect(try problem { $0[16] = 13 } != nil)
        // The length of the first key.
        guard case .endsEarly = try problem({ $0[31] = 0x7F }) else {
            Issue.record("a key longer than the file")
            return
        }
        let place = try #require(bytes.firstRange(of: Array("bf16".utf8))).upperBound
        #expect(try problem { $0[place] = 5 } == .badShape(tensor: "bf16"))
        #expect(try problem { $0[place + 11] = 0x7F } == .badShape(tensor: "bf16"))
        #expect(try problem { $0[place + 20] = 99 } == .unsupportedType(tensor: "bf16", type: 99))
        guard case .misaligned("bf16", _, 32) = try problem({ $0[place + 24] |= 1 }) else {
            Issue.record("a tensor at an odd place")
            return
        }
        #expect(try problem { $0[place + 24 + 4] = 1 } != nil)
        let twice = try #require(bytes.firstRange(of: Array("f16".utf8)))
        #expect(
            try problem { $0.replaceSubrange(twice, with: Array("f32".utf8)) }
                == .duplicate(what: "tensors", name: "f32"))
    }
}
