import CKernels
import Testing

/// Sums of outer products: every level gives the bits of the plain loop that the header tells.
struct OuterProductTests {
    @Test(arguments: KernelLevel.all) func areThePlainLoop(_ level: KernelLevel) {
        for (lines, ranks, columns) in [(0, 3, 20), (1, 1, 1), (33, 8, 32), (70, 11, 133), (5, 17, 47), (64, 2, 15)] {
            var numbers = NumberStream(lines * 1000 + columns)
            let (leftStride, rightStride, stride) = (ranks + 2, columns + 5, columns + 1)
            let (left, right) = (numbers.array(lines * leftStride), numbers.array(lines * rightStride))
            let start = numbers.array(ranks * stride)
            var expected = start
            for rank in 0..<ranks {
                for column in 0..<columns {
                    for line in 0..<lines {
                        expected[rank * stride + column].addProduct(
                            left[line * leftStride + rank], right[line * rightStride + column])
                    }
                }
            }
            var found = GuardedArray(start, offset: columns % 7)
            found.withPointer {
                level.table.pointee.add_outer_products_f32(
                    left, leftStride, ranks, right, rightStride, columns, lines, $0, stride)
            }
            #expect(found.isIntact)
            #expect(found.values == expected, "\(lines) lines, \(ranks) ranks, \(columns) columns")
        }
    }
}
