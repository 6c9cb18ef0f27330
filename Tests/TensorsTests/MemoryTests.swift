import Tensors
import Testing

@Suite(.serialized) struct MemoryTests {
    @Test func formatsRoundToNearestEven() throws {
        // Halfway between two neighbours, ties to even; overflow, infinity, NaN and numbers below the smallest.
        let values: [Float] = [1, 1.00390625, 1.01171875, -2.5, 65504, 70000, .infinity, 1e-36, 3e-8, 0]
        let tensor = Tensor(values)
        func through(_ format: WeightFormat) throws -> [Float] {
            let bytes = Weight.narrowedBytes(tensor, to: format)
            return try Weight(name: "w", format: format, shape: [values.count], copying: bytes).widened().array
        }
        #expect(try through(.float32) == values)
        #expect(try through(.float16) == values.map { Float(Float16($0)) })
        let halves = try through(.bfloat16)
        #expect(halves.prefix(4) == [1, 1, 1.015625, -2.5])
        #expect(halves[4] == 65536 && halves[5] == 70144 && halves[6] == .infinity)
        let nan = Weight.narrowedBytes(Tensor([.nan]), to: .bfloat16)
        #expect(try Weight(name: "n", format: .bfloat16, shape: [1], copying: nan).widened()[0].isNaN)
    }

    /// Files put weights wherever their headers end; odd addresses must read the same.
    @Test(arguments: WeightFormat.allCases)
    func unalignedWeightsReadTheSame(_ format: WeightFormat) throws {
        let bytes = Weight.narrowedBytes(noise([33, 17], "w"), to: format)
        final class Owner {
            let memory: UnsafeMutableRawBufferPointer
            init(_ bytes: [UInt8], shift: Int) {
                memory = .allocate(byteCount: bytes.count + shift, alignment: 64)
                UnsafeMutableRawBufferPointer(rebasing: memory[shift...]).copyBytes(from: bytes)
            }
            deinit { memory.deallocate() }
        }
        let owner = Owner(bytes, shift: 1)
        let shifted = try Weight(
            name: "w", format: format, shape: [33, 17], bytes: UnsafeRawBufferPointer(rebasing: owner.memory[1...]),
            owner: owner)
        let aligned = try Weight(name: "w", format: format, shape: [33, 17], copying: bytes)
        #expect(shifted.widened().array == aligned.widened().array)
        let tape = Tape(recording: false)
        for rows in [2, 9] {
            let x = tape.constant(noise([rows, 17], "x"))
            let left = try tape.linear(x, LinearProjection(weight: .frozen(shifted))).value.array
            #expect(
                relativeError(left, try tape.linear(x, LinearProjection(weight: .frozen(aligned))).value.array) < 1e-6)
        }
    }

    @Test func wrongByteCountsAreRefused() {
        #expect(throws: TensorError.byteCountMismatch(name: "w", shape: [2, 3], expected: 12, actual: 11)) {
            try Weight(name: "w", format: .bfloat16, shape: [2, 3], copying: [UInt8](repeating: 0, count: 11))
        }
        #expect(throws: TensorError.self) {
            try Weight(name: "w", format: .bfloat16, shape: [Int.max, 3], copying: [0, 0])
        }
        #expect(throws: TensorError.shapeMismatch(operation: "Tensor", expected: [2, 2], actual: [3])) {
            try Tensor([1, 2, 3], shape: [2, 2])
        }
    }

    @Test func spansAndShapes() throws {
        let tensor = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(tensor.rows == 2 && tensor.columns == 3 && tensor.row(1) == [4, 5, 6])
        tensor.withMutableSpan { span in span[5] = 60 }
        #expect(tensor.withSpan { $0[5] } == 60)
        #expect(try tensor.reshaped([3, 2]).row(2) == [5, 60])
        #expect(throws: TensorError.self) { try tensor.reshaped([4, 2]) }
    }

    @Test func freedMemoryLeavesTheCount() {
        var tensor: Tensor? = Tensor(zeros: [1 << 22])
        let held = TensorMemory.statistics
        #expect(held.liveBytes >= 1 << 24 && held.peakBytes >= held.liveBytes)
        #expect(tensor?.count == 1 << 22)
        tensor = nil
        TensorMemory.trim()
        // Other suites allocate at the same time, but far less than this tensor.
        #expect(TensorMemory.statistics.liveBytes < held.liveBytes)
    }
}
