import Tensors
import Testing

/// The specification's worked example (golden numbers 9.16), and what any quantizing must keep to.
@Suite struct GPTQSolverTests {
    private static let weight = (0..<32 * 32).map { index -> Float in
        let (row, column) = (index / 32, index % 32)
        return Float((7 * row * row + 3 * column * column + 5 * row * column + 2) % 31 - 15) / 16
    }

    /// Inputs of two sequences, well conditioned.
    private static func sequences() throws -> [Tensor] {
        let all = (0..<96 * 32).map { index -> Float in
            let (token, column) = (index / 32, index % 32)
            let number =
                17 * token * token + 29 * column * column + 13 * token * column + 7 * token * token * column + 5
            return Float(number % 101 - 50) / 25 * (1 + Float(column) / 16)
        }
        return [
            try Tensor(Array(all[..<(64 * 32)]), shape: [64, 32]),
            try Tensor(Array(all[(64 * 32)...]), shape: [32, 32]),
        ]
    }

    private static func settings(_ bits: Int, _ order: GPTQSettings.Order) -> GPTQSettings {
        var settings = GPTQSettings(bits: bits)
        settings.groupSize = 16
        settings.order = order
        return settings
    }

    private static func codes(
        _ settings: GPTQSettings, _ sequences: [Tensor], weight: [Float] = weight, outputs: Int = 32
    ) throws -> GPTQCodes {
        let hessian = GPTQHessian(inputs: 32)
        for sequence in sequences { try hessian.add(sequence) }
        return try GPTQSolver.quantize(
            Tensor(weight, shape: [outputs, 32]), hessian: hessian, settings: settings, name: "layer")
    }

    /// `|X W^T - X Q^T|^2`
    private static func error(_ codes: GPTQCodes, _ sequences: [Tensor]) -> Double {
        let numbers = codes.widened(storedScales: false)
        var sum = 0.0
        for sequence in sequences {
            for token in 0..<sequence.rows {
                let x = sequence.row(token)
                for output in 0..<32 {
                    var difference = 0.0
                    for input in 0..<32 {
                        difference +=
                            Double(x[input]) * Double(weight[output * 32 + input] - numbers[output * 32 + input])
                    }
                    sum += difference * difference
                }
            }
        }
        return sum
    }

    @Test func inOrder() throws {
        let sequences = try Self.sequences()
        let codes = try Self.codes(Self.settings(4, .asTheyAre), sequences)
        #expect(abs(Self.error(codes, sequences) / 732.43127 - 1) < 1e-4)
        #expect(codes.scales[0] == 0.125 && codes.scales[32] == 0.125)
        #expect(Array(codes.widened().row(0)[..<8]) == [-0.75, -0.625, 0, 0.875, 0.25, 0, 0.125, 0.625])
        let column = (0..<4).map { Int32(bitPattern: codes.codeWords[$0 * 32]) }
        #expect(column == [-645_203_918, -781_136_651, 1_321_998_110, 596_617_373])
        #expect(codes.zeroWords.allSatisfy { $0 == 0x7777_7777 } && codes.zeroWords.count == 8)
        #expect(codes.groups == (0..<32).map { $0 / 16 })
    }

    @Test func byActivity() throws {
        let sequences = try Self.sequences()
        let codes = try Self.codes(Self.settings(4, .descending), sequences)
        #expect(abs(Self.error(codes, sequences) / 667.43206 - 1) < 1e-4)
        #expect(codes.groups == (0..<32).map { $0 <= 13 || $0 == 15 || $0 == 16 ? 1 : 0 })
        #expect(Array(codes.widened().row(0)[..<8]) == [-0.75, -0.625, -0.125, 0.875, 0.25, 0, 0.125, 0.625])
        let column = (0..<4).map { Int32(bitPattern: codes.codeWords[$0 * 32]) }
        #expect(column == [-645_204_174, -781_136_651, 1_321_998_109, 596_617_373])
    }

    /// Groups stay neighbours, and the error is less than in order.
    @Test func withinGroups() throws {
        let sequences = try Self.sequences()
        let codes = try Self.codes(Self.settings(4, .withinGroups), sequences)
        #expect(codes.groups == (0..<32).map { $0 / 16 })
        #expect(Self.error(codes, sequences) < 732)
    }

    /// What is packed is read back by the reader of checkpoints, at every number of bits.
    @Test(arguments: GPTQStorage.bits, [true, false]) func packing(bits: Int, isSymmetric: Bool) throws {
        let sequences = try Self.sequences()
        var settings = Self.settings(bits, .descending)
        settings.isSymmetric = isSymmetric
        let codes = try Self.codes(settings, sequences)
        func owned<Element>(_ values: [Element]) throws -> OwnedBytes {
            let memory = try values.withUnsafeBytes { try ByteTensor(copying: $0, shape: [$0.count], name: "bytes") }
            return memory.withUnsafeMutableBufferPointer { OwnedBytes(UnsafeRawBufferPointer($0), owner: memory) }
        }
        let storage = try GPTQStorage.storage(
            GroupedCodeTensors(
                name: "layer", outputs: 32, inputs: 32, bits: bits, groupCount: 2, codes: owned(codes.codeWords),
                zeros: owned(codes.zeroWords), scales: owned(Weight.narrowedBytes(Tensor(codes.scales), to: .float16))),
            groupSize: 16, groups: owned(codes.groups), zeroPoints: .lessOne)
        #expect(Weight(name: "w", storage: storage).widened().array == codes.widened().array)
        let errors = try [GPTQSettings.Order.asTheyAre, .descending].map {
            var settings = settings
            settings.order = $0
            return Self.error(try Self.codes(settings, sequences), sequences)
        }
        #expect(errors.allSatisfy { $0 < (bits == 8 ? 10 : bits == 4 ? 1000 : 40_000) })
    }

    /// Inputs that are always zero count for nothing; a layer that was never used is rounded to the nearest.
    @Test func deadInputsAndUnusedLayers() throws {
        let sequences = try Self.sequences().map { sequence -> Tensor in
            for token in 0..<sequence.rows { sequence[token * 32 + 5] = 0 }
            return sequence
        }
        let numbers = try Self.codes(Self.settings(4, .asTheyAre), sequences).widened()
        #expect((0..<32).allSatisfy { numbers[$0 * 32 + 5] == 0 })
        let unused = try Self.codes(Self.settings(8, .asTheyAre), []).widened().array
        #expect(zip(unused, Self.weight).allSatisfy { abs($0 - $1) < 0.005 })
    }

    @Test func numbersThatAreNoneAreRefused() throws {
        var weight = Self.weight
        weight[77] = .nan
        #expect(throws: TensorError.self) {
            try Self.codes(Self.settings(4, .asTheyAre), Self.sequences(), weight: weight)
        }
        let broken = try Tensor([Float](repeating: .infinity, count: 32), shape: [1, 32])
        #expect(throws: TensorError.self) { try Self.codes(Self.settings(4, .asTheyAre), [broken]) }
    }
}
