import Tensors
import Testing

@Suite struct BlockFormatTests {
    private func weight(_ format: BlockFormat, _ numbers: Tensor) throws -> Weight {
        let bytes = format.narrowedBytes(numbers)
        let memory = try bytes.withUnsafeBytes { try ByteTensor(copying: $0, shape: [bytes.count], name: "w") }
        return try format.weight(
            name: "w", shape: numbers.shape,
            bytes: memory.withUnsafeMutableBufferPointer { OwnedBytes(UnsafeRawBufferPointer($0), owner: memory) })
    }

    /// A block by hand: the scale is the largest of 127 steps, and halves go away from zero.
    @Test func eightBits() throws {
        var block = [Float](repeating: 0, count: 32)
        (block[0], block[1], block[2], block[3]) = (-127, 2.5, -2.5, 0.49)
        let bytes = BlockFormat.q8_0.narrowedBytes(Tensor(block))
        #expect(bytes.count == 34)
        // 1.0 in half precision.
        #expect(bytes[..<2] == [0x00, 0x3C])
        #expect(bytes[2..<6].map { Int8(bitPattern: $0) } == [-127, 3, -3, 0])
    }

    /// The largest number stands at -8; the second half of a block lies in the high bits.
    @Test func fourBits() throws {
        var block = [Float](repeating: 0, count: 32)
        (block[0], block[16], block[1], block[31]) = (8, -3, 7, -7.6)
        let bytes = BlockFormat.q4_0.narrowedBytes(Tensor(block))
        #expect(bytes.count == 18)
        // -1.0 in half precision.
        #expect(bytes[..<2] == [0x00, 0xBC])
        #expect(bytes[2] == 0xB0 && bytes[3] == 0x81 && bytes[17] == 0xF8)
        let again = try weight(.q4_0, Tensor(block, shape: [1, 32])).widened().array
        #expect(again[0] == 8 && again[16] == -3 && again[1] == 7 && again[31] == -7)
    }

    @Test(arguments: BlockFormat.allCases) func zerosStayZeros(format: BlockFormat) throws {
        #expect(try weight(format, Tensor(zeros: [2, 64])).widened().array.allSatisfy { $0 == 0 })
    }

    @Test(arguments: BlockFormat.allCases, [1, 3, 70]) func products(format: BlockFormat, rows: Int) throws {
        let (outputs, inputs) = (72, 1824)
        let numbers = noise([outputs, inputs], "w")
        let packed = try weight(format, numbers)
        let widened = packed.widened()
        // Half a step of the largest of a block; of 16 steps the last is missing at the other end.
        #expect(relativeError(widened.array, numbers.array) < (format == .q8_0 ? 0.005 : 0.126))
        let plain = Weight(name: "w", tensor: widened)
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
        #expect(packed.byteCount == outputs * inputs / 32 * (format == .q8_0 ? 34 : 18))
    }

    @Test func ragged() {
        let memory = ByteTensor(zeros: [34])
        let bytes = memory.withUnsafeMutableBufferPointer { OwnedBytes(UnsafeRawBufferPointer($0), owner: memory) }
        for shape in [[1, 33], [2, 32], [34, 1]] {
            #expect(throws: TensorError.self) { try BlockFormat.q8_0.weight(name: "w", shape: shape, bytes: bytes) }
        }
    }
}
