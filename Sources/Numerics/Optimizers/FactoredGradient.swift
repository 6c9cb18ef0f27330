internal import CKernels
internal import Tensors

/// A gradient of matrices with a factor for each row and one for each column.
struct FactoredGradient {
    let update: ParameterUpdate
    /// As many as the parameter has rows, seen as a matrix of its last dimension.
    let rowFactors: [Float]
    /// As many as it has columns, or as all its matrices have together.
    let columnFactors: [Float]

    private var width: Int { update.value.columns }

    private func row(_ row: Int, _ gradient: UnsafePointer<Float>) -> [Float] {
        let factor = rowFactors[row] * update.gradientFactor
        let matrix = row * columnFactors.count / (width * max(1, rowFactors.count))
        return (0..<width).map { gradient[$0] * factor * columnFactors[matrix * width + $0] }
    }

    /// Rows are added in order.
    func sumOfSquares() -> Double {
        let sums = Tensor(zeros: [rowFactors.count])
        update.forEachRow { row, _, gradient in
            sums[row] = Float(kernel_sum_of_squares_f32(self.row(row, gradient), width))
        }
        return sums.array.reduce(0.0) { $0 + Double($1) }
    }

    /// `value = (value * before - rate * self) * after`
    func subtract(times rate: Float, keeping before: Float = 1, then after: Float = 1) {
        update.forEachRow { row, values, gradient in
            let changes = self.row(row, gradient)
            for column in 0..<width {
                values[column] = (values[column] * before - rate * changes[column]) * after
            }
        }
    }
}
