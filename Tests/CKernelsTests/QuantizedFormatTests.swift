import CKernels
import Testing

/// Codes of four bits and signed bytes have the same bits at every level and stay within their arrays.
struct QuantizedFormatTests {
    private static let table: [Float] = (0..<16).map { Float($0 * $0) / 100 - 1 }
    private static let thresholds = zip(table, table.dropFirst()).map { ($0 + $1) / 2 }

    /// Ranges that begin and end anywhere in a byte and in a block.
    @Test func codesHaveTheSameBits() throws {
        let count = 64 * 5 + 37
        var numbers = NumberStream(9)
        var source = numbers.array(count, scale: 3)
        source[70] = -0.0
        let vectors = numbers.array(3 * 128)
        let order = (0..<16).map { UInt32(15 - $0) }
        func run(_ kernels: kernel_table) -> [UInt32] {
            var packed = [UInt8](repeating: 0xEE, count: (count + 1) / 2 + 1)
            var scales = GuardedArray([Float](repeating: 0, count: 6), offset: 2)
            scales.withPointer { kernels.narrow_codes4(source, count, Self.thresholds, order, &packed, $0) }
            #expect(packed.last == 0xEE && scales.isIntact)
            var result = packed.map(UInt32.init) + scales.values.map(\.bitPattern)
            let all = scales.values
            for (first, some) in [(0, count), (1, 64), (63, 2), (65, 130), (128, 0), (200, 17), (count - 1, 1)] {
                var widened = GuardedArray([Float](repeating: 0, count: some), offset: first % 7)
                let from = Array(all[(first / 64)...])
                widened.withPointer { kernels.widen_codes4(packed, first, some, Self.table, from, $0) }
                for (index, value) in widened.values.enumerated() {
                    let byte = packed[(first + index) / 2]
                    let code = (first + index) % 2 == 0 ? byte >> 4 : byte & 15
                    #expect(value == Self.table[Int(code)] * all[(first + index) / 64])
                }
                result += widened.values.map(\.bitPattern)
                #expect(widened.isIntact)
            }
            for rows in 1...2 {
                for several in [1, 3] {
                    var products = GuardedArray([Float](repeating: 0, count: several * rows), offset: 1)
                    products.withPointer {
                        kernels.matrix_vectors_codes4(
                            packed, Self.table, all, rows, 128, vectors, several, $0, rows)
                    }
                    result += products.values.map(\.bitPattern)
                    #expect(products.isIntact)
                }
            }
            return result
        }
        let expected = run(try #require(KernelLevel.all.first).table.pointee)
        for level in KernelLevel.all { #expect(run(level.table.pointee) == expected, "\(level.testDescription)") }
    }

    /// A block with a number that is none has a scale that is none, wherever the number stands.
    @Test func scalesTellOfNumbersThatAreNone() {
        let order = (0..<16).map(UInt32.init)
        for level in KernelLevel.all {
            for (place, number) in [(0, Float.nan), (63, .infinity), (64, -.infinity), (70, .nan)] {
                var source = [Float](repeating: 0.5, count: 71)
                source[place] = number
                var (packed, scales) = ([UInt8](repeating: 0, count: 36), [Float](repeating: 0, count: 2))
                level.table.pointee.narrow_codes4(source, 71, Self.thresholds, order, &packed, &scales)
                #expect(scales[place / 64].isNaN && scales[1 - place / 64] == 0.5)
            }
        }
    }

    @Test func signedBytesHaveTheSameBits() throws {
        let (rows, columns) = (5, 83)
        var numbers = NumberStream(4)
        let matrix = (0..<rows * columns).map { Int8(truncatingIfNeeded: $0 &* 77) }
        let vectors = numbers.array(3 * columns)
        func run(_ kernels: kernel_table) -> [UInt32] {
            var widened = GuardedArray([Float](repeating: 0, count: rows * columns), offset: 3)
            widened.withPointer { kernels.widen_i8(matrix, 0.3, $0, rows * columns) }
            #expect(widened.values == matrix.map { Float($0) * 0.3 })
            var result = widened.values.map(\.bitPattern)
            for several in [1, 3] {
                var products = GuardedArray([Float](repeating: 0, count: several * rows), offset: 1)
                products.withPointer { kernels.matrix_vectors_i8(matrix, rows, columns, vectors, several, $0, rows) }
                result += products.values.map(\.bitPattern)
                #expect(widened.isIntact && products.isIntact)
            }
            return result
        }
        let expected = run(try #require(KernelLevel.all.first).table.pointee)
        for level in KernelLevel.all { #expect(run(level.table.pointee) == expected, "\(level.testDescription)") }
    }
}
