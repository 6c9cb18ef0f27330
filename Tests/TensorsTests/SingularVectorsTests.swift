import Tensors
import Testing

struct SingularVectorsTests {
    private func product(_ left: Tensor, _ right: Tensor, transposed: Bool = false) throws -> Tensor {
        let result = Tensor(uninitialized: [transposed ? left.columns : left.rows, right.columns])
        try result.setToProduct(of: left, leftTransposed: transposed, and: right)
        return result
    }

    @Test(arguments: [[40, 25], [25, 40], [300, 7], [7, 300], [12, 12], [1, 9], [9, 1]])
    func allTogetherAreTheMatrix(shape: [Int]) throws {
        let matrix = Tensor.normal(shape, seed: 4, name: "matrix \(shape)")
        let vectors = try SingularVectors(of: matrix, count: 1000)
        let rank = min(shape[0], shape[1])
        #expect(vectors.values.count == rank && vectors.values == vectors.values.sorted(by: >))
        let scaled = Tensor(uninitialized: vectors.left.shape)
        for row in 0..<shape[0] {
            for index in 0..<rank {
                scaled[row * rank + index] = vectors.left[row * rank + index] * Float(vectors.values[index])
            }
        }
        let again = try product(scaled, vectors.right)
        let error = zip(again.array, matrix.array).map { abs($0 - $1) }.max() ?? 1
        #expect(error < 1e-5 * Float(vectors.values[0]))
        let unit = try product(vectors.left, vectors.left, transposed: true)
        for row in 0..<rank {
            for column in 0..<rank { #expect(abs(unit[row * rank + column] - (row == column ? 1 : 0)) < 1e-5) }
        }
    }

    @Test func theLargestComeFirst() throws {
        let matrix = Tensor.normal([30, 50], seed: 5, name: "matrix")
        let (few, all) = (try SingularVectors(of: matrix, count: 4), try SingularVectors(of: matrix, count: 30))
        for (left, right) in zip(few.values, all.values) { #expect(abs(left - right) < 1e-9) }
        #expect(few.left.shape == [30, 4] && few.right.shape == [4, 50])
    }

    /// A matrix of rank 2 has no third direction, and what is left of it is rounding.
    @Test func noiseHasNoDirection() throws {
        let (left, right) = (Tensor.normal([40, 2], seed: 1, name: "l"), Tensor.normal([2, 30], seed: 1, name: "r"))
        let vectors = try SingularVectors(of: product(left, right), count: 3)
        #expect(vectors.right.row(1).contains { $0 != 0 } && vectors.right.row(2).allSatisfy { $0 == 0 })
        #expect((0..<40).allSatisfy { vectors.left[$0 * 3 + 2] == 0 })
        let nothing = try SingularVectors(of: Tensor(zeros: [4, 3]), count: 2)
        #expect(nothing.left.array.allSatisfy { $0 == 0 } && nothing.values == [0, 0])
    }

    @Test func numbersThatAreNotFiniteAreRefused() throws {
        let matrix = try Tensor([1, .infinity, 2, 3], shape: [2, 2])
        #expect(throws: TensorError.self) { try SingularVectors(of: matrix, count: 1) }
    }
}

struct MatrixProductTests {
    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func everyOrientation(left: Bool, right: Bool) throws {
        let (m, n, k) = (70, 9, 33)
        let a = Tensor.normal(left ? [k, m] : [m, k], seed: 1, name: "a")
        let b = Tensor.normal(right ? [n, k] : [k, n], seed: 1, name: "b")
        let result = Tensor(uninitialized: [m, n])
        result.fill(1)
        try result.setToProduct(of: a, leftTransposed: left, and: b, rightTransposed: right, times: 2, plus: 3)
        for row in 0..<m {
            for column in 0..<n {
                let sum = (0..<k).reduce(0.0) { sum, index in
                    let x = left ? a[index * m + row] : a[row * k + index]
                    let y = right ? b[column * k + index] : b[index * n + column]
                    return sum + Double(x) * Double(y)
                }
                #expect(abs(Double(result[row * n + column]) - (2 * sum + 3)) < 1e-4)
            }
        }
    }

    @Test func shapesThatDoNotFitAreRefused() {
        let result = Tensor(uninitialized: [2, 2])
        #expect(throws: TensorError.self) {
            try result.setToProduct(of: Tensor(zeros: [2, 3]), and: Tensor(zeros: [2, 2]))
        }
        #expect(throws: TensorError.self) {
            try result.setToProduct(of: Tensor(zeros: [3, 3]), and: Tensor(zeros: [3, 2]))
        }
    }
}
