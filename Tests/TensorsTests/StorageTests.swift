import Tensors
import Testing

/// Numbers from 0 to 15, two in a byte, times a scale for each group of eight: a format that the module does not know.
private struct NibbleStorage: WeightStorage {
    let shape: [Int]
    let nibbles: [UInt8]
    let scales: [Float]
    var byteCount: Int { nibbles.count + scales.count * 4 }
    var columnGrain: Int { 8 }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        precondition(range.lowerBound % 8 == 0 && (range.upperBound % 8 == 0 || range.upperBound == columns))
        var target = panel
        for row in rows {
            for column in range {
                let at = row * columns + column
                let pair = nibbles[at / 2]
                target.pointee = Float(at % 2 == 0 ? pair & 15 : pair >> 4) * scales[at / 8]
                target += 1
            }
        }
    }
}

@Suite struct StorageTests {
    /// A format of one's own gives the products, forward and backward, that its widened numbers give.
    @Test(arguments: [1, 3, 70])
    func aForeignFormatMultiplies(rows: Int) throws {
        let (outputs, inputs) = (136, 1832)
        let count = outputs * inputs
        let storage = NibbleStorage(
            shape: [outputs, inputs], nibbles: (0..<count / 2).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) },
            scales: (0..<count / 8).map { Float($0 % 13) * 0.01 - 0.05 })
        let packed = Weight(name: "w", storage: storage)
        let plain = Weight(name: "w", tensor: packed.widened())
        #expect(packed.format == nil && packed.withElements { _, _ in true } == nil)
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
        #expect(
            try tape.embedding([5, 0, 135], table: .frozen(packed)).value.array
                == tape.embedding([5, 0, 135], table: .frozen(plain)).value.array)
    }

    /// A checkpoint hands on several results, used or not, with the gradients of each.
    @Test(arguments: [CheckpointPolicy.keep, .recompute])
    func checkpointsWithSeveralResults(policy: CheckpointPolicy) throws {
        let tape = Tape(recording: true, checkpointPolicy: policy)
        let (x, y) = (tape.leaf(Tensor([1, 2, 3])), tape.leaf(Tensor([4, 5, 6])))
        let results = try tape.checkpoint([x, y]) { tape, inputs in
            [
                try tape.scale(inputs[0], by: 2), try tape.add(inputs[0], inputs[1]),
                try tape.scale(inputs[1], by: 100),
            ]
        }
        #expect(results.map { $0.value.array } == [[2, 4, 6], [5, 7, 9], [400, 500, 600]])
        let sum = try tape.add(results[0], results[1])
        try tape.backward(from: tape.weightedSum(sum, weights: [1, 10, 100]))
        #expect(tape.gradient(of: x)?.array == [3, 30, 300] && tape.gradient(of: y)?.array == [1, 10, 100])
    }

    /// A product of two operands that both want a gradient, against the linear layer with a trained weight.
    @Test func productOfTwoTrainedOperands() throws {
        let weight = Parameter(name: "w", value: noise([7, 5], "w"))
        let (tape, other) = (Tape(recording: true), Tape(recording: true))
        let (x, w, again) = (tape.leaf(noise([9, 5], "x")), tape.leaf(weight.value), other.leaf(noise([9, 5], "x")))
        let y = try tape.product(x, transposed: w)
        let expected = try other.linear(again, LinearProjection(weight: .trainable(weight)))
        #expect(relativeError(y.value.array, expected.value.array) < 1e-6)
        try tape.backward(from: y, gradient: noise([9, 7], "g"))
        try other.backward(from: expected, gradient: noise([9, 7], "g"))
        try expectClose(tape.gradient(of: x), try #require(other.gradient(of: again)), "dx")
        try expectClose(tape.gradient(of: w), try #require(weight.gradient), "dw")
    }

    /// The first number that is none, at every place of a block and behind whole blocks, in every format.
    @Test(arguments: WeightFormat.allCases) func numbersThatAreNoneAreFound(format: WeightFormat) throws {
        let count = 9001
        var numbers = (0..<count).map { Float($0 % 200) - 100 }
        func found() throws -> (position: Int, value: Float)? {
            let bytes = Weight.narrowedBytes(try Tensor(numbers, shape: [count]), to: format)
            return try Weight(name: "w", format: format, shape: [1, count], copying: bytes).firstNotFinite()
        }
        #expect(try found() == nil)
        let places: [(Int, Float)] = [
            (9000, .infinity), (8191, -.infinity), (4096, .nan), (4095, .infinity), (0, .nan),
        ]
        for (position, value) in places {
            numbers[position] = value
            let first = try #require(try found())
            #expect(first.position == position)
            #expect(value.isNaN ? first.value.isNaN : first.value == value)
        }
        numbers = [.greatestFiniteMagnitude, 65504, -3e38, .leastNonzeroMagnitude]
        let bytes = Weight.narrowedBytes(try Tensor(numbers, shape: [4]), to: .float32)
        #expect(try Weight(name: "w", format: .float32, shape: [4], copying: bytes).firstNotFinite() == nil)
    }

    @Test func packedNumbersThatAreNoneAreFound() throws {
        let whole = NibbleStorage(
            shape: [3, 16], nibbles: Array(repeating: 0x11, count: 24), scales: [1, 2, 3, 4, 5, 6])
        #expect(Weight(name: "w", storage: whole).firstNotFinite() == nil)
        let broken = NibbleStorage(
            shape: [3, 16], nibbles: whole.nibbles, scales: [1, 2, 3, .infinity, 5, 6])
        let error = #expect(throws: NotFiniteTensor.self) {
            try Weight(name: "w", storage: broken).requireFinite(in: "model.safetensors")
        }
        #expect(error?.name == "w" && error?.position == 24 && error?.value == .infinity)
        #expect(error?.file == "model.safetensors")
    }
}
