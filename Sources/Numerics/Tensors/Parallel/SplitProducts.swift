import CKernels

/// One product of operands split into bfloat16 parts: `left(m, k) * right(n, k)^T`, or `left(m, k) * right(k, n)`.
package struct SplitTerm {
    let left: LeftPanels
    let right: RightMatrix
    /// Whether the result's columns are the matrix's rows, as in a linear layer; its gradient takes the columns.
    let transposed: Bool
    let precision: MatmulPrecision

    /// - Parameter precision: the one that `left` was packed with
    package init(_ left: LeftPanels, _ right: RightMatrix, transposed: Bool, _ precision: MatmulPrecision) {
        precondition(left.depth == (transposed ? right.columns : right.rows), "operands of different depth")
        precondition(left.parts == precision.parts, "left operand packed for another precision")
        self.left = left
        self.right = right
        self.transposed = transposed
        self.precision = precision
    }

    var columns: Int { transposed ? right.rows : right.columns }
    var rightParts: Int { right.parts(precision) }

    /// Pairs of parts that are multiplied.
    var pairs: Int { (0..<rightParts).reduce(0) { $0 + min(left.parts, precision.parts - $1) } }
}

/// `result(m, n) = start + sum of terms`, in float32.
package struct SplitProduct {
    package enum Start {
        case zeros
        /// Adds to what is there.
        case result
        /// The same line, e.g. a bias, for every row.
        case line(UnsafePointer<Float>)
    }

    let terms: [SplitTerm]
    let rows: Int
    let columns: Int
    let start: Start
    let result: UnsafeMutablePointer<Float>
    /// Distance of the result's lines.
    let stride: Int

    package init(
        _ terms: [SplitTerm], start: Start = .zeros, into result: UnsafeMutablePointer<Float>, stride: Int? = nil
    ) {
        let (rows, columns) = (terms[0].left.rows, terms[0].columns)
        precondition(terms.allSatisfy { $0.left.rows == rows && $0.columns == columns }, "terms of different shapes")
        self.rows = rows
        self.columns = columns
        self.terms = terms
        self.start = start
        self.result = result
        self.stride = stride ?? columns
    }
}

/// Products in bfloat16 parts: in tiles where there are any, with the same bits elsewhere.
///
/// Each element's additions are ordered by its terms and their depths alone (CKernels.h), so no cut changes a bit.
package enum SplitProducts {
    /// Computes products that have nothing to do with each other in one round of the pool.
    package static func run(_ products: [SplitProduct]) {
        let plans = products.map { SplitPlan($0) }
        for plan in plans {
            Rehearsal.current?.note(operations: plan.operations, scratch: plan.taskFloats, tasks: plan.tasks)
        }
        let starts = plans.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.tasks) }
        ComputePool.shared.run(starts[plans.count]) { task in
            let index = starts.lastIndex { $0 <= task } ?? 0
            plans[index].run(task - starts[index])
        }
    }

    /// `y(m, n) = start + x(m, k) * w(n, k)^T`.
    package static func forward(
        _ x: LeftPanels, _ w: RightMatrix, _ precision: MatmulPrecision, start: SplitProduct.Start = .zeros,
        into y: UnsafeMutablePointer<Float>
    ) {
        run([SplitProduct([SplitTerm(x, w, transposed: true, precision)], start: start, into: y)])
    }

    /// `dx(m, k) = dy(m, n) * w(n, k)`, or added to `dx` when `adding`.
    package static func inputGradient(
        _ dy: LeftPanels, _ w: RightMatrix, _ precision: MatmulPrecision, adding: Bool,
        into dx: UnsafeMutablePointer<Float>
    ) {
        let term = SplitTerm(dy, w, transposed: false, precision)
        run([SplitProduct([term], start: adding ? .result : .zeros, into: dx)])
    }

    /// `result(n, k) += dy(m, n)^T * x(m, k)`: 1, 3 or 6 products of parts.
    package static func addTransposedProduct(
        _ dy: UnsafePointer<Float>, m: Int, n: Int, _ x: UnsafePointer<Float>, k: Int, _ precision: MatmulPrecision,
        into result: UnsafeMutablePointer<Float>
    ) {
        let left = LeftPanels(dy, rows: n, depth: m, stride: n, transposed: true, precision)
        let right = RightMatrix(.float32(x), rows: m, columns: k)
        run([SplitProduct([SplitTerm(left, right, transposed: false, precision)], start: .result, into: result)])
    }
}
