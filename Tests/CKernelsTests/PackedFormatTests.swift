import CKernels
import Testing

/// Packed formats have the same bits at every level and stay within their arrays.
struct PackedFormatTests {
    @Test func blocksHaveTheSameBits() throws {
        let (rows, columns) = (5, 96)
        var numbers = NumberStream(3)
        let (source, vectors) = (numbers.array(rows * columns), numbers.array(3 * columns))
        func run(_ kernels: kernel_table) -> [UInt32] {
            var result: [UInt32] = []
            for is8 in [true, false] {
                var packed = [UInt8](repeating: 0, count: rows * columns / 32 * (is8 ? 34 : 18))
                (is8 ? kernels.narrow_q8_0 : kernels.narrow_q4_0)(source, &packed, rows * columns)
                var widened = GuardedArray([Float](repeating: 0, count: rows * columns), offset: 3)
                widened.withPointer { (is8 ? kernels.widen_q8_0 : kernels.widen_q4_0)(packed, $0, rows * columns) }
                var products = GuardedArray([Float](repeating: 0, count: 3 * rows), offset: 1)
                for count in [1, 3] {
                    products.withPointer {
                        (is8 ? kernels.matrix_vectors_q8_0 : kernels.matrix_vectors_q4_0)(
                            packed, rows, columns, vectors, count, $0, rows)
                    }
                    result += products.values.map(\.bitPattern)
                }
                result += packed.map(UInt32.init) + widened.values.map(\.bitPattern)
                #expect(widened.isIntact && products.isIntact)
            }
            return result
        }
        let expected = run(try #require(KernelLevel.all.first).table.pointee)
        for level in KernelLevel.all { #expect(run(level.table.pointee) == expected, "\(level.testDescription)") }
    }

    @Test(arguments: [(kernel_code_order.alongInputs, 3), (.alongInputs, 8), (.alongOutputs, 4)])
    func codedColumnsHaveTheSameBits(order: kernel_code_order, bits: Int) throws {
        let (outputs, inputs) = (88, 64)
        var numbers = NumberStream(bits)
        let words = (0..<inputs * outputs * bits / 32).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
        let (scales, zeros) = (numbers.array(2 * outputs), numbers.array(2 * outputs, scale: 8))
        let vectors = numbers.array(6 * inputs)
        let groups = (0..<inputs).map { Int32($0 % 2) }
        func run(_ kernels: kernel_table) -> [UInt32] {
            words.withUnsafeBytes { words in
                scales.withUnsafeBufferPointer { scales in
                    zeros.withUnsafeBufferPointer { zeros in
                        groups.withUnsafeBufferPointer { groups -> [UInt32] in
                            guard let words = words.baseAddress, let scales = scales.baseAddress,
                                let zeros = zeros.baseAddress, let groups = groups.baseAddress
                            else { return [] }
                            var matrix = kernel_coded_columns(
                                order: order, bits: UInt32(bits), outputs: outputs, inputs: inputs, words: words,
                                scales: scales, zeros: zeros, groups: groups)
                            var result: [UInt32] = []
                            for (first, count) in [(0, outputs), (5, 70), (80, 8), (33, 1)] {
                                var panel = GuardedArray([Float](repeating: 0, count: count * 40), offset: 5)
                                panel.withPointer { kernels.widen_coded_columns(&matrix, first, count, 7, 40, $0) }
                                result += panel.values.map(\.bitPattern)
                                for several in [1, 2, 6] {
                                    var sums = GuardedArray([Float](repeating: 0, count: several * count), offset: 2)
                                    sums.withPointer {
                                        kernels.coded_columns_vectors(
                                            &matrix, first, count, vectors, several, $0, count)
                                    }
                                    result += sums.values.map(\.bitPattern)
                                    #expect(panel.isIntact && sums.isIntact)
                                }
                            }
                            return result
                        }
                    }
                }
            }
        }
        let expected = run(try #require(KernelLevel.all.first).table.pointee)
        #expect(!expected.isEmpty)
        for level in KernelLevel.all { #expect(run(level.table.pointee) == expected, "\(level.testDescription)") }
    }
}
