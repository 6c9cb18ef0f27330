/// The directions in which a weight does most: `weight ~ left * diagonal(values) * right`.
package struct PrincipalDirections {
    /// How they are found.
    package enum Method: Sendable, Equatable {
        /// From the decomposition of the whole weight.
        case exact
        /// By so many rounds of subspace iteration from random vectors (Halko et al., arXiv 0909.4061, algorithm 4.4).
        case iterations(Int)
    }

    /// Largest first.
    package let values: [Double]
    /// `(outputs, values)`
    package let left: Tensor
    /// `(values, inputs)`
    package let right: Tensor

    /// - Parameters:
    ///   - weight: `(outputs, inputs)`
    ///   - count: at most the shorter side
    ///   - seed: with `name`, of the random vectors
    /// - Throws: `TensorError`
    package init(of weight: Matrix, count: Int, method: Method, seed: UInt64, name: String) throws {
        guard count <= min(weight.rows, weight.columns) else {
            throw TensorError.invalidArgument(
                operation: "principal directions of \(name)", name: "count", value: "\(count)",
                expected: "at most \(min(weight.rows, weight.columns)), the shorter side of the weight")
        }
        switch method {
        case .exact:
            let found = try SingularVectors(of: weight.widened(), count: count)
            (values, left, right) = (found.values, found.left, found.right)
        case .iterations(let rounds):
            let isTall = weight.rows >= weight.columns
            let stored = StoredMatrix(weight)
            func toOutputs(_ vectors: Tensor) throws -> Tensor {
                let result = Tensor(uninitialized: [count, stored.rows])
                try Products.forward(vectors.pointer, m: count, stored, into: result.pointer)
                return result
            }
            func toInputs(_ vectors: Tensor) throws -> Tensor {
                let result = Tensor(uninitialized: [count, stored.columns])
                try Products.inputGradient(vectors.pointer, m: count, stored, adding: false, into: result.pointer)
                return result
            }
            // Rows are vectors: of the longer side in `basis`, of the shorter one in between.
            let (up, down) = isTall ? (toOutputs, toInputs) : (toInputs, toOutputs)
            let random = Tensor.normal(
                [count, min(weight.rows, weight.columns)], seed: seed, name: "principal directions of \(name)")
            var basis = try up(random).orthonormalRows()
            for _ in 0..<rounds { basis = try up(down(basis).orthonormalRows()).orthonormalRows() }
            let small = try SingularVectors(of: down(basis), count: count)
            values = small.values
            // The longer side's vectors: `small.left^T * basis`, one a row.
            let long = Tensor(zeros: [count, basis.columns])
            try Products.addTransposedProduct(
                small.left.pointer, m: count, n: count, basis.pointer, k: basis.columns, into: long.pointer)
            left = isTall ? long.transposed() : small.right.transposed()
            right = isTall ? small.right : long
        }
    }

    /// The pair whose product, times `scaling`, is what the weight does in these directions; both matrices get an equal
    /// share of it.
    package func pair(scaling: Float) -> LowRankPair {
        let pair = LowRankPair(a: Tensor(uninitialized: right.shape), b: Tensor(uninitialized: left.shape))
        guard !Rehearsal.isActive else { return pair }
        let (rank, inputs) = (right.rows, right.columns)
        let roots = values.map { Float(($0 / Double(scaling)).squareRoot()) }
        for index in 0..<right.count { pair.a.pointer[index] = right.pointer[index] * roots[index / inputs] }
        for index in 0..<left.count { pair.b.pointer[index] = left.pointer[index] * roots[index % rank] }
        return pair
    }
}

extension Tensor {
    /// Rows that span the same space, orthonormal.
    fileprivate func orthonormalRows() throws -> Tensor {
        let result = Tensor(uninitialized: shape)
        guard !Rehearsal.isActive else { return result }
        var numbers = array.map { Double($0) }
        try LAPACK.load().orthonormalize(&numbers, count: rows, length: columns)
        for index in 0..<count { result.pointer[index] = Float(numbers[index]) }
        return result
    }

    fileprivate func transposed() -> Tensor {
        let result = Tensor(uninitialized: [columns, rows])
        guard !Rehearsal.isActive else { return result }
        for row in 0..<rows {
            for column in 0..<columns { result.pointer[column * rows + row] = pointer[row * columns + column] }
        }
        return result
    }
}
