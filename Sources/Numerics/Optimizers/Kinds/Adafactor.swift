internal import CKernels
internal import Glibc
internal import Tensors

/// Adafactor (Shazeer and Stern, 2018) as the reference's trainer sets it up: the learning rate is the schedule's, and
/// there is no momentum.
///
/// Of a matrix's squared gradients only the means of the rows and of the columns are remembered.
package struct Adafactor: Optimizer {
    static let kind = OptimizerKind("adafactor") { _ in Adafactor() }

    /// Added to squared gradients.
    private static let epsilon = 1e-30
    private static let decayExponent = -0.8

    package init() {}

    package func state(name: String, shape: [Int]) -> [StateTensor] {
        guard shape.count >= 2 else { return [StateTensor("exp_avg_sq", shape)] }
        return [
            StateTensor("exp_avg_sq_row", shape.dropLast()),
            StateTensor("exp_avg_sq_col", shape.dropLast(2) + shape.suffix(1)),
        ]
    }

    package func apply(_ update: ParameterUpdate) {
        let kept = 1 - pow(Double(update.step), Self.decayExponent)
        guard update.value.shape.count >= 2 else {
            let squares = update.state.floats("exp_avg_sq")
            averageColumns(update, into: squares, keeping: kept)
            return move(update, rowFactors: [1], columnFactors: squares.array.map { 1 / $0.squareRoot() })
        }
        let (rows, columns) = (update.state.floats("exp_avg_sq_row"), update.state.floats("exp_avg_sq_col"))
        averageRows(update, into: rows, keeping: kept)
        averageColumns(update, into: columns, keeping: kept)
        // A row's factor is relative to the mean of its matrix's rows.
        let rowFactors = (0..<rows.rows).flatMap { matrix in
            let means = rows.row(matrix)
            let mean = Float(means.reduce(0.0) { $0 + Double($1) } / Double(means.count))
            return means.map { 1 / ($0 / mean).squareRoot() }
        }
        move(update, rowFactors: rowFactors, columnFactors: columns.array.map { 1 / $0.squareRoot() })
    }

    /// Takes the mean of each row's squared gradient into the running means.
    private func averageRows(_ update: ParameterUpdate, into means: Tensor, keeping kept: Double) {
        let (width, factor) = (update.value.columns, Double(update.gradientFactor))
        update.forEachRow { row, _, gradient in
            let squares = kernel_sum_of_squares_f32(gradient, width) * factor * factor
            means[row] = Float(kept * Double(means[row]) + (1 - kept) * (squares / Double(width) + Self.epsilon))
        }
    }

    /// The same for each column of each matrix; rows are added in order.
    private func averageColumns(_ update: ParameterUpdate, into means: Tensor, keeping kept: Double) {
        let (width, factor) = (update.value.columns, Double(update.gradientFactor))
        let height = update.value.count / max(1, means.count)
        let matrices = means.count / max(1, width)
        for matrix in 0..<matrices {
            ComputePool.shared.forEachBlock(width, atMost: 256) { columns in
                var squares = [Double](repeating: 0, count: columns.count)
                update.gradient.withUnsafeBufferPointer { gradient in
                    for row in matrix * height..<(matrix + 1) * height {
                        for (index, column) in columns.enumerated() {
                            let value = Double(gradient[row * width + column])
                            squares[index] += value * value
                        }
                    }
                }
                for (index, column) in columns.enumerated() {
                    let mean = squares[index] * factor * factor / Double(height) + Self.epsilon
                    let place = matrix * width + column
                    means[place] = Float(kept * Double(means[place]) + (1 - kept) * mean)
                }
            }
        }
    }

    /// Changes the parameter by its gradient times the factors, made shorter where its root mean square is above 1.
    private func move(_ update: ParameterUpdate, rowFactors: [Float], columnFactors: [Float]) {
        let change = FactoredGradient(update: update, rowFactors: rowFactors, columnFactors: columnFactors)
        let mean = change.sumOfSquares() / Double(update.value.count)
        change.subtract(
            times: Float(update.learningRate / max(1, mean.squareRoot())),
            keeping: Float(1 - update.learningRate * update.weightDecay))
    }
}
