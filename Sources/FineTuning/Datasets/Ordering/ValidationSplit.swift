package import RunConfiguration

extension RowShare {
    /// The number of rows of `total`, leaving at least one to train on.
    func rows(of total: Int) throws -> Int {
        let rows: Int
        switch self {
        case .count(let count): rows = count
        case .fraction(let fraction) where fraction > 1:
            rows = fraction < Double(Int32.max) ? Int(fraction) : Int(Int32.max)
        case .fraction(let fraction) where fraction == 1:
            throw DataError.badValidationSize(
                reason: "1.0 is the whole data and leaves nothing to train on; write 1 for a single row")
        case .fraction(let fraction): rows = Int((fraction * Double(total)).rounded(.up))
        }
        guard rows < total else {
            throw DataError.badValidationSize(
                reason: "\(rows) rows for evaluation leave nothing to train on: there are \(total) rows in all")
        }
        return rows
    }

    /// Positions of the training and the evaluation part, both in the order of one permutation.
    package func split(_ total: Int, seed: UInt64) throws -> (train: [Int], evaluation: [Int]) {
        let rows = try rows(of: total)
        var generator = PCG64(seed: seed)
        let permutation = generator.permutation(total)
        return (Array(permutation[rows...]), Array(permutation[..<rows]))
    }
}
