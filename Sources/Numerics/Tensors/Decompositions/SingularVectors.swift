import Glibc

/// The largest singular values of a matrix, with the vectors on both sides: `matrix ~ left * diagonal(values) * right`.
///
/// They are found in double precision from the products of the matrix with itself on its shorter side, on the calling
/// thread. Directions in which the matrix is nothing but rounding have zeros for vectors.
package struct SingularVectors {
    /// Largest first.
    package let values: [Double]
    /// `(rows, values)`, row-major.
    package let left: Tensor
    /// `(values, columns)`, row-major.
    package let right: Tensor

    /// Rows or columns that are widened to double at a time.
    private static let panelLength = 256

    /// - Parameters:
    ///   - matrix: `(rows, columns)`
    ///   - count: how many are wanted; as many as there are when there are fewer
    /// - Throws: `TensorError` when LAPACK is not there or finds no answer, as for numbers that are not finite
    package init(of matrix: Tensor, count wanted: Int) throws {
        let (rows, columns) = (matrix.rows, matrix.columns)
        let (order, count) = (min(rows, columns), min(wanted, rows, columns))
        guard !Rehearsal.isActive, count > 0 else {
            values = [Double](repeating: 0, count: count)
            left = Tensor(uninitialized: [rows, count])
            right = Tensor(uninitialized: [count, columns])
            return
        }
        let lapack = try LAPACK.load()
        var gram = [Double](repeating: 0, count: order * order)
        gram.withUnsafeMutableBufferPointer { gram in
            guard let sum = gram.baseAddress else { return }
            Self.forEachPanel(of: matrix) { panel, range in
                lapack.addGram(panel, order: order, depth: range.count, acrossColumns: rows < columns, to: sum)
            }
        }
        // LAPACK may answer numbers that are not finite with any vectors.
        guard gram.allSatisfy(\.isFinite) else {
            throw TensorError.invalidArgument(
                operation: "SingularVectors", name: "matrix", value: "not finite", expected: "finite numbers")
        }
        let vectors = try gram.withUnsafeMutableBufferPointer { gram in
            try gram.baseAddress.map { try lapack.largestEigenvectors(of: $0, order: order, count: count) } ?? []
        }
        // The shorter side's vectors, as columns; the longer side's are the matrix times these.
        let short = Self.transposed(vectors, rows: count)
        var long = [Double](repeating: 0, count: max(rows, columns) * count)
        long.withUnsafeMutableBufferPointer { long in
            guard let long = long.baseAddress else { return }
            Self.forEachPanel(of: matrix) { panel, range in
                lapack.multiply(
                    panel, transposed: rows < columns, short, m: range.count, n: count, k: order,
                    into: long + range.lowerBound * count)
            }
        }
        values = (0..<count).map { column in
            stride(from: column, to: long.count, by: count).reduce(0.0) { $0 + long[$1] * long[$1] }.squareRoot()
        }
        let noise = Double(Float.ulpOfOne) * Double(max(rows, columns)).squareRoot() * (values.first ?? 0)
        let factors = values.map { $0 > noise ? 1 / $0 : 0 }
        let scaledLong = long.indices.map { long[$0] * factors[$0 % count] }
        let scaledShort = short.indices.map { factors[$0 % count] > 0 ? short[$0] : 0 }
        let isTall = rows >= columns
        left = try Tensor((isTall ? scaledLong : scaledShort).map { Float($0) }, shape: [rows, count])
        right = try Tensor(
            Self.transposed(isTall ? scaledShort : scaledLong, rows: columns).map { Float($0) },
            shape: [count, columns])
    }

    /// Bytes held at most while `count` vectors of a matrix of this shape are found.
    package static func scratchByteCount(shape: [Int], count: Int) -> Int {
        let (short, long) = (shape.min() ?? 0, shape.max() ?? 0)
        return 8 * (short * short + panelLength * short + 3 * count * (short + long))
    }

    private static func transposed(_ matrix: [Double], rows: Int) -> [Double] {
        let columns = matrix.count / max(1, rows)
        return (0..<columns).flatMap { column in (0..<rows).map { matrix[$0 * columns + column] } }
    }

    /// Widens the matrix piece by piece along its longer side: `(range, columns)` of a tall one, else `(rows, range)`.
    private static func forEachPanel(
        of matrix: Tensor, _ body: (_ panel: UnsafePointer<Double>, _ range: Range<Int>) -> Void
    ) {
        let (rows, columns) = (matrix.rows, matrix.columns)
        let (length, isTall) = (max(rows, columns), rows >= columns)
        var panel = [Double](repeating: 0, count: min(length, panelLength) * min(rows, columns))
        for start in stride(from: 0, to: length, by: panelLength) {
            let range = start..<min(length, start + panelLength)
            panel.withUnsafeMutableBufferPointer { panel in
                guard let panel = panel.baseAddress else { return }
                let source = matrix.pointer
                if isTall {
                    for index in 0..<range.count * columns { panel[index] = Double(source[start * columns + index]) }
                } else {
                    for row in 0..<rows {
                        for (index, column) in range.enumerated() {
                            panel[row * range.count + index] = Double(source[row * columns + column])
                        }
                    }
                }
                body(panel, range)
            }
        }
    }
}
