import CKernels

/// How LLM.int8 rounds a layer's input before it multiplies (Dettmers et al., 2022).
///
/// Columns in which a number's magnitude reaches `threshold` in any row are outliers and stay as they are. The other
/// numbers become whole multiples of a 127th of the largest one of their row that is no outlier. Multiplying the
/// result by the weight gives the sum of both products of the method.
package struct InputRounding: Sendable, Equatable {
    package let threshold: Float

    package init(threshold: Float) { self.threshold = threshold }

    func rounded(_ x: Tensor) -> Tensor {
        let result = Tensor(uninitialized: x.shape)
        let (rows, columns) = (x.rows, x.columns)
        // (columns): whether a column has an outlier, 0 or 1.
        let outliers = Tensor(uninitialized: [columns])
        let halves = Tensor(uninitialized: x.shape)
        ComputePool.shared.forEachBlock(rows, atMost: 16) { rows in
            let (start, count) = (rows.lowerBound * columns, rows.count * columns)
            (halves.pointer + start).update(from: x.pointer + start, count: count)
            HalfPrecision.round(halves.pointer + start, count)
        }
        ComputePool.shared.forEachBlock(columns, atMost: 256) { some in
            for column in some { outliers.pointer[column] = 0 }
            for row in 0..<rows {
                for column in some where abs(halves.pointer[row * columns + column]) >= threshold {
                    outliers.pointer[column] = 1
                }
            }
        }
        ComputePool.shared.forEachBlock(rows, atMost: 16) { rows in
            for row in rows {
                round(
                    halves.pointer + row * columns, x.pointer + row * columns, outliers.pointer, columns,
                    into: result.pointer + row * columns)
            }
        }
        return result
    }

    private func round(
        _ halves: UnsafePointer<Float>, _ line: UnsafePointer<Float>, _ outliers: UnsafePointer<Float>, _ columns: Int,
        into result: UnsafeMutablePointer<Float>
    ) {
        var largest: Float = 0
        for column in 0..<columns where abs(halves[column]) < threshold {
            largest = max(largest, abs(halves[column]))
        }
        let (factor, step) = (largest > 0 ? OutlierQuantizer.codes / largest : 0, largest / OutlierQuantizer.codes)
        for column in 0..<columns {
            result[column] =
                outliers[column] != 0
                ? line[column] : (halves[column] * factor).rounded(.toNearestOrEven) * step
        }
    }
}

enum HalfPrecision {
    /// Rounds numbers to half precision, in place.
    static func round(_ numbers: UnsafeMutablePointer<Float>, _ count: Int) {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 256) { buffer in
            guard let halves = buffer.baseAddress else { return }
            for start in stride(from: 0, to: count, by: 256) {
                let some = min(256, count - start)
                kernel_narrow_f16(numbers + start, halves, some)
                kernel_widen_f16(halves, numbers + start, some)
            }
        }
    }
}
