internal import Tensors

/// The side of a gradient that is projected to a low rank; the values of `galore_proj_type`.
package enum ProjectionSide: String, CaseIterable, Sendable {
    /// The shorter one.
    case std
    /// The longer one.
    case reverseStd = "reverse_std"
    /// The columns.
    case right
    /// The rows.
    case left
    case full

    /// Which basis a gradient of this shape is multiplied by.
    func bases(rows: Int, columns: Int) -> (left: Bool, right: Bool) {
        switch self {
        case .std: (rows < columns, rows >= columns)
        case .reverseStd: (rows >= columns, rows < columns)
        case .right: (false, true)
        case .left: (true, false)
        case .full: (true, true)
        }
    }
}

/// A projection of matrices of one shape: where its bases lie in the state, and the products with them.
struct Projection {
    static let left = "left_basis"
    static let right = "right_basis"

    let shape: [Int]
    let rank: Int
    let hasLeft: Bool
    let hasRight: Bool

    /// - Parameters:
    ///   - shape: of the matrix
    ///   - rank: the most; a smaller matrix has less
    init(_ side: ProjectionSide, shape: [Int], rank: Int) {
        self.shape = shape
        self.rank = min(rank, shape[0], shape[1])
        (hasLeft, hasRight) = side.bases(rows: shape[0], columns: shape[1])
    }

    var projectedShape: [Int] { [hasLeft ? rank : shape[0], hasRight ? rank : shape[1]] }

    var state: [StateTensor] {
        (hasLeft ? [StateTensor(Self.left, [shape[0], rank])] : [])
            + (hasRight ? [StateTensor(Self.right, [rank, shape[1]])] : [])
    }

    /// Bytes that `project` and `addBack` hold beside their arguments.
    var scratchByteCount: Int { hasLeft && hasRight ? 4 * shape[0] * rank : 0 }

    /// Takes the directions in which `gradient` is largest as bases.
    ///
    /// The signs of singular vectors are arbitrary, and the moments outlive them: so the largest entry of each vector is
    /// made positive, of the left one where both are used.
    func refresh(_ state: ParameterState, by gradient: Tensor) throws {
        let vectors = try SingularVectors(of: gradient, count: rank)
        let (left, right) = (vectors.left, vectors.right)
        guard !Rehearsal.isActive else { return }
        for index in 0..<rank {
            let entries = hasLeft ? (0..<left.rows).map { left[$0 * rank + index] } : right.row(index)
            guard let largest = entries.max(by: { abs($0) < abs($1) }), largest < 0 else { continue }
            for row in 0..<left.rows { left[row * rank + index].negate() }
            for place in index * right.columns..<(index + 1) * right.columns { right[place].negate() }
        }
        if hasLeft { set(Self.left, of: state, to: left) }
        if hasRight { set(Self.right, of: state, to: right) }
    }

    /// Puts another basis into the state.
    func set(_ name: String, of state: ParameterState, to basis: Tensor) {
        guard !Rehearsal.isActive else { return }
        state.floats(name).withUnsafeMutableBufferPointer { target in
            basis.withUnsafeBufferPointer { _ = target.update(fromContentsOf: $0) }
        }
    }

    /// `left^T * matrix * right^T`, times `factor`.
    func project(_ matrix: Tensor, _ state: ParameterState, times factor: Float) throws -> Tensor {
        let result = Tensor(uninitialized: projectedShape)
        guard hasRight else {
            try result.setToProduct(of: state.floats(Self.left), leftTransposed: true, and: matrix, times: factor)
            return result
        }
        guard hasLeft else {
            try result.setToProduct(of: matrix, and: state.floats(Self.right), rightTransposed: true, times: factor)
            return result
        }
        let half = Tensor(uninitialized: [shape[0], rank])
        try half.setToProduct(of: matrix, and: state.floats(Self.right), rightTransposed: true)
        try result.setToProduct(of: state.floats(Self.left), leftTransposed: true, and: half, times: factor)
        return result
    }

    /// Adds `factor * left * projected * right` to a matrix.
    func addBack(_ projected: Tensor, to matrix: Tensor, _ state: ParameterState, times factor: Float) throws {
        guard hasRight else {
            return try matrix.setToProduct(of: state.floats(Self.left), and: projected, times: factor, plus: 1)
        }
        guard hasLeft else {
            return try matrix.setToProduct(of: projected, and: state.floats(Self.right), times: factor, plus: 1)
        }
        let half = Tensor(uninitialized: [shape[0], rank])
        try half.setToProduct(of: state.floats(Self.left), and: projected)
        try matrix.setToProduct(of: half, and: state.floats(Self.right), times: factor, plus: 1)
    }
}
