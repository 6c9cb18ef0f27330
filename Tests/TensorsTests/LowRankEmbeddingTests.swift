import Tensors
import Testing

struct LowRankEmbeddingTests {
    private func branch() throws -> LowRankEmbedding {
        try LowRankEmbedding(
            a: Parameter(name: "a", value: noise([3, 11], "a")), b: Parameter(name: "b", value: noise([6, 3], "b")),
            scaling: 1.5)
    }

    private let table = Matrix.frozen(Weight(name: "table", tensor: noise([11, 6], "table")))

    /// Rows are those of the table with the pair inside it.
    @Test func rowsOfTheFoldedTable() throws {
        let (ids, branch): ([Int32], _) = ([0, 7, 10, 7], try branch())
        let tape = Tape(recording: false)
        let rows = try tape.embedding(ids, table: table, beside: branch).value
        let folded = try branch.folded(into: table.widened())
        for (row, id) in ids.enumerated() {
            #expect(relativeError(rows.row(row), folded.row(Int(id))) < 1e-6)
            for column in 0..<6 {
                let change = (0..<3).reduce(Float(0)) {
                    $0 + branch.b.value[column * 3 + $1] * branch.a.value[$1 * 11 + Int(id)]
                }
                #expect(abs(rows[row * 6 + column] - table.widened()[Int(id) * 6 + column] - 1.5 * change) < 1e-5)
            }
        }
    }

    /// Gradients against differences of the loss; a token that comes twice counts twice, padding not at all.
    @Test func gradients() throws {
        let (ids, branch, dy): ([Int32], _, _) = ([2, 7, 4, 7], try branch(), noise([4, 6], "dy"))
        func loss() throws -> Double {
            let rows = try Tape(recording: false).embedding(ids, table: table, beside: branch).value
            return zip(rows.array, dy.array).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let tape = Tape(recording: true)
        let rows = try tape.embedding(ids, table: table, beside: branch, paddingIndex: 4)
        try tape.backward(from: rows, gradient: dy)
        for parameter in branch.parameters {
            let gradient = try #require(parameter.gradient)
            for index in 0..<parameter.count {
                let value = parameter.value[index]
                parameter.value[index] = value + 0.01
                let above = try loss()
                parameter.value[index] = value - 0.01
                let below = try loss()
                parameter.value[index] = value
                let isPadding = parameter.name == "a" && index % 11 == 4
                let expected = isPadding ? 0 : (above - below) / 0.02
                #expect(abs(Double(gradient[index]) - expected) < 2e-3, "\(parameter.name) \(index)")
            }
        }
    }

    @Test func anotherTableIsRefused() throws {
        let branch = try branch()
        let other = Matrix.frozen(Weight(name: "other", tensor: noise([12, 6], "other")))
        #expect(throws: TensorError.self) { try Tape(recording: false).embedding([1], table: other, beside: branch) }
    }
}
