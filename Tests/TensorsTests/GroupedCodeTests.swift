import Tensors
import Testing

/// Weights of small whole numbers with scales for groups of inputs, packed here bit by bit.
struct PackedLayer {
    let (outputs, inputs, bits, groups): (Int, Int, Int, Int)
    /// The code of an output and an input.
    var code: (Int, Int) -> Int
    /// The zero point of a group and an output.
    var zero: (Int, Int) -> Int
    var group: (Int) -> Int
    var scales: [Float]

    init(outputs: Int, inputs: Int, bits: Int, groups: Int, group: @escaping (Int) -> Int) {
        (self.outputs, self.inputs, self.bits, self.groups) = (outputs, inputs, bits, groups)
        let count = 1 << bits
        code = { (7 * $0 + 5 * $1 + $0 * $1 / 3) % count }
        zero = { (3 * $0 + $1 + 1) % count }
        self.group = group
        // Quarters of small numbers are exact in half precision.
        scales = (0..<groups * outputs).map { Float($0 % 11 + 1) * 0.25 }
    }

    var numbers: [Float] {
        (0..<outputs).flatMap { output in
            (0..<inputs).map { input in
                let group = group(input)
                return scales[group * outputs + output] * Float(code(output, input) - zero(group, output))
            }
        }
    }

    /// A stream of bits, lowest first, as words.
    private func words(_ codes: [Int]) -> [UInt32] {
        let stream = codes.flatMap { code in (0..<bits).map { UInt32(code >> $0 & 1) } }
        return stride(from: 0, to: stream.count, by: 32).map { start in
            (0..<32).reduce(UInt32(0)) { start + $1 < stream.count ? $0 | stream[start + $1] << UInt32($1) : $0 }
        }
    }

    private static func owned<Element>(_ values: [Element]) -> OwnedBytes {
        // One byte in front: tensors of files need not be aligned.
        let memory = ByteTensor(zeros: [values.count * MemoryLayout<Element>.stride + 1])
        return memory.withUnsafeMutableBufferPointer { buffer in
            let place = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[1...])
            values.withUnsafeBytes { place.copyMemory(from: $0) }
            return OwnedBytes(UnsafeRawBufferPointer(place), owner: memory)
        }
    }

    private func tensors(codes: [UInt32], zeros: [UInt32]) -> GroupedCodeTensors {
        GroupedCodeTensors(
            name: "layer", outputs: outputs, inputs: inputs, bits: bits, groupCount: groups,
            codes: Self.owned(codes), zeros: Self.owned(zeros),
            scales: Self.owned(scales.map { Float16($0).bitPattern }))
    }

    func gptq(
        zeroPoints: GPTQStorage.ZeroPoints, indices: [Int32]?, groupSize: Int = 1
    ) throws -> any WeightStorage {
        let columns = (0..<outputs).map { output in words((0..<inputs).map { code(output, $0) }) }
        let codes = (0..<columns[0].count).flatMap { word in columns.map { $0[word] } }
        let less = zeroPoints == .lessOne ? (1 << bits) - 1 : 0
        let zeros = (0..<groups).flatMap { group in
            words((0..<outputs).map { (zero(group, $0) + less) % (1 << bits) })
        }
        return try GPTQStorage.storage(
            tensors(codes: codes, zeros: zeros), groupSize: groupSize, groups: indices.map(Self.owned),
            zeroPoints: zeroPoints)
    }

    func awq(groupSize: Int) throws -> any WeightStorage {
        let order = [0, 2, 4, 6, 1, 3, 5, 7]
        func words(_ code: (Int) -> Int) -> [UInt32] {
            (0..<outputs / 8).map { word in
                (0..<8).reduce(UInt32(0)) { $0 | UInt32(code(8 * word + order[$1])) << UInt32(4 * $1) }
            }
        }
        return try AWQStorage.storage(
            tensors(
                codes: (0..<inputs).flatMap { input in words { code($0, input) } },
                zeros: (0..<groups).flatMap { group in words { zero(group, $0) } }), groupSize: groupSize)
    }
}

@Suite struct GroupedCodeTests {
    @Test(arguments: GPTQStorage.bits, GPTQStorage.ZeroPoints.allCases)
    func gptqGivesTheNumbersPacked(bits: Int, zeroPoints: GPTQStorage.ZeroPoints) throws {
        let shuffled = PackedLayer(outputs: 40, inputs: 96, bits: bits, groups: 6) { $0 * 5 % 6 }
        let indices = (0..<96).map { Int32($0 * 5 % 6) }
        let storage = try shuffled.gptq(zeroPoints: zeroPoints, indices: indices)
        #expect(Weight(name: "w", storage: storage).widened().array == shuffled.numbers)
        let inOrder = PackedLayer(outputs: 32, inputs: 64, bits: bits, groups: 4) { $0 / 16 }
        let neighbours = try inOrder.gptq(zeroPoints: zeroPoints, indices: nil, groupSize: 16)
        #expect(Weight(name: "w", storage: neighbours).widened().array == inOrder.numbers)
        #expect(neighbours.byteCount < 64 * 32 * bits / 8 + 4 * 32 * 8 + 64 * 4 + 1)
    }

    /// The bits of the specification's example.
    @Test func threeBitsInWords() throws {
        var layer = PackedLayer(outputs: 32, inputs: 32, bits: 3, groups: 1) { _ in 0 }
        layer.code = { _, input in 3 * input % 8 }
        layer.zero = { _, _ in 4 }
        layer.scales = Array(repeating: 1, count: 32)
        let words: [UInt32] = [0x98ab_c398, 0xc398_abc3, 0xabc3_98ab].flatMap { Array(repeating: $0, count: 32) }
        let zeros: [UInt32] = [0xdb6d_b6db, 0xb6db_6db6, 0x6db6_db6d]
        let storage = try words.withUnsafeBytes { words in
            try zeros.withUnsafeBytes { zeros in
                try layer.scales.map { Float16($0) }.withUnsafeBytes { scales in
                    func owned(_ bytes: UnsafeRawBufferPointer) throws -> OwnedBytes {
                        let memory = try ByteTensor(copying: bytes, shape: [bytes.count], name: "bytes")
                        return memory.withUnsafeMutableBufferPointer {
                            OwnedBytes(UnsafeRawBufferPointer($0), owner: memory)
                        }
                    }
                    return try GPTQStorage.storage(
                        GroupedCodeTensors(
                            name: "layer", outputs: 32, inputs: 32, bits: 3, groupCount: 1, codes: owned(words),
                            zeros: owned(zeros), scales: owned(scales)), groupSize: 32, groups: nil,
                        zeroPoints: .lessOne)
                }
            }
        }
        #expect(Weight(name: "w", storage: storage).widened().array == layer.numbers)
    }

    @Test func awqGivesTheNumbersPacked() throws {
        let layer = PackedLayer(outputs: 40, inputs: 80, bits: 4, groups: 5) { $0 / 16 }
        let storage = try layer.awq(groupSize: 16)
        #expect(Weight(name: "w", storage: storage).widened().array == layer.numbers)
    }

    /// Forward, backward and looked up, the packed numbers multiply as they are, whatever rows are asked for.
    @Test(arguments: [1, 3, 70], [true, false])
    func products(rows: Int, isAWQ: Bool) throws {
        let (outputs, inputs) = (152, 320)
        let layer = PackedLayer(outputs: outputs, inputs: inputs, bits: 4, groups: 10) { $0 / 32 }
        let storage =
            isAWQ ? try layer.awq(groupSize: 32) : try layer.gptq(zeroPoints: .lessOne, indices: nil, groupSize: 32)
        let packed = Weight(name: "w", storage: storage)
        let plain = Weight(name: "w", tensor: try Tensor(layer.numbers, shape: [outputs, inputs]))
        func run(_ weight: Weight) throws -> (value: [Float], gradient: [Float]) {
            let tape = Tape(recording: true)
            let x = tape.leaf(noise([rows, inputs], "x"))
            let y = try tape.linear(x, LinearProjection(weight: .frozen(weight)))
            try tape.backward(from: y, gradient: noise([rows, outputs], "g"))
            return (y.value.array, try #require(tape.gradient(of: x)).array)
        }
        let (ours, expected) = (try run(packed), try run(plain))
        #expect(relativeError(ours.value, expected.value) < 1e-5)
        #expect(relativeError(ours.gradient, expected.gradient) < 1e-5)
        let tape = Tape(recording: false)
        let looked: [Int32] = [5, 0, 151, 17]
        #expect(
            try tape.embedding(looked, table: .frozen(packed)).value.array
                == tape.embedding(looked, table: .frozen(plain)).value.array)
        #expect(packed.firstNotFinite() == nil)
    }

    @Test func damagedTensorsAreRefused() throws {
        var layer = PackedLayer(outputs: 32, inputs: 64, bits: 4, groups: 4) { $0 / 16 }
        var indices = (0..<64).map { Int32($0 / 16) }
        indices[7] = 4
        #expect(throws: (any Error).self) { try layer.gptq(zeroPoints: .lessOne, indices: indices) }
        let outside = #expect(throws: GroupedCodeError.self) {
            try layer.gptq(zeroPoints: .asTheyAre, indices: indices)
        }
        #expect(outside?.problem == .groupOutOfRange(input: 7, group: 4, groups: 4))
        indices[7] = -1
        #expect(throws: GroupedCodeError.self) { try layer.gptq(zeroPoints: .lessOne, indices: indices) }
        let short = #expect(throws: GroupedCodeError.self) {
            try layer.gptq(zeroPoints: .lessOne, indices: Array(indices.dropLast()))
        }
        #expect(short?.problem == .wrongSize(part: "group indices", expected: 256, actual: 252))
        for value in [Float.infinity, .nan] {
            layer.scales[70] = value
            let error = #expect(throws: GroupedCodeError.self) { try layer.awq(groupSize: 16) }
            guard case .notFiniteScale(2, 6, _) = error?.problem else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        let odd = PackedLayer(outputs: 12, inputs: 16, bits: 4, groups: 1) { _ in 0 }
        #expect(throws: GroupedCodeError.self) { try odd.awq(groupSize: 16) }
        let five = PackedLayer(outputs: 32, inputs: 32, bits: 5, groups: 1) { _ in 0 }
        #expect(throws: GroupedCodeError.self) { try five.gptq(zeroPoints: .lessOne, indices: nil, groupSize: 32) }
    }
}
