import Glibc

/// A low-rank pair that changes the direction of the weight's rows, with a trained magnitude for each row (Liu et al.,
/// arXiv 2402.09353).
///
/// With `n` the row norms of `W + scaling * b * a`, held constant on the way back, and `g = magnitude / n`, the layer
/// gives `g * (x W^T + scaling * b a x) + bias`. In training with dropout only the change is computed from the dropped
/// input, as PEFT does.
package final class DoRABranch: LinearBranch {
    package let lowRank: LowRankBranch
    /// `(outputs)`
    package let magnitude: Parameter
    /// The same pair for inputs that have been dropped from already.
    private let withoutDropout: LowRankBranch

    package init(_ lowRank: LowRankBranch, magnitude: Parameter) throws {
        guard magnitude.shape == [lowRank.outputs] else {
            throw TensorError.shapeMismatch(
                operation: "DoRA \(magnitude.name)", expected: [lowRank.outputs], actual: magnitude.shape)
        }
        self.lowRank = lowRank
        self.magnitude = magnitude
        withoutDropout = try LowRankBranch(
            a: lowRank.a, b: lowRank.b, scaling: lowRank.scaling, dropout: 0, site: lowRank.site)
    }

    package var name: String { lowRank.name }
    package var inputs: Int { lowRank.inputs }
    package var outputs: Int { lowRank.outputs }
    package var parameters: [Parameter] { lowRank.parameters + [magnitude] }

    package func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable {
        let norms = lowRank.rowNorms(of: layer.weight)
        let unbiased = LinearProjection(weight: layer.weight)
        guard lowRank.dropout > 0, tape.randomness != nil else {
            let changed = try withoutDropout.forward(x, beside: unbiased, on: tape)
            return try scaled(changed, by: norms, bias: layer.bias, on: tape)
        }
        // With c = x' W^T + p, where p is the pair's part: g c - x' W^T = g c - c + p, and W is multiplied by once.
        let dropped = try tape.dropout(x, probability: lowRank.dropout, site: lowRank.site)
        let changed = try withoutDropout.forward(dropped, beside: unbiased, on: tape)
        let difference = try tape.add(
            scaled(changed, by: norms, bias: nil, on: tape), tape.scale(changed, by: -1))
        return try tape.add(tape.add(tape.linear(x, layer), difference), tape.lowRank(dropped, lowRank))
    }

    /// `magnitude / norms * x + bias`, column by column.
    private func scaled(_ x: Variable, by norms: Tensor, bias: Vector?, on tape: Tape) throws -> Variable {
        let (value, slot, magnitude) = (x.value, x.slot, magnitude)
        let factors = Columns.quotient(magnitude.value, norms)
        let result = Columns.scaled(value, by: factors, plus: bias?.numbers)
        let (trained, biasToTrain) = (magnitude.isTrainable, bias?.parameterToTrain)
        let parameters = (trained ? [magnitude] : []) + (biasToTrain.map { [$0] } ?? [])
        return tape.record(
            result, needed: x.needsGradient || !parameters.isEmpty, parameters: parameters
        ) { tape, gradient in
            if let biasToTrain {
                Products.addColumnSums(
                    gradient.pointer, m: gradient.rows, n: gradient.columns, to: biasToTrain.gradientForAdding().pointer
                )
            }
            if trained { Columns.addDots(gradient, value, over: norms, to: magnitude.gradientForAdding()) }
            if slot != nil { tape.accumulate(Columns.scaled(gradient, by: factors, plus: nil), into: slot) }
        }
    }

    package func folded(into weight: Tensor) throws -> Tensor {
        let norms = lowRank.rowNorms(of: .frozen(Weight(name: name, tensor: weight)))
        let factors = Columns.quotient(magnitude.value, norms)
        let sum = try lowRank.folded(into: weight)
        let (values, columns) = (sum.pointer, sum.columns)
        ComputePool.shared.forEachBlock(sum.rows, atMost: 64) { rows in
            for row in rows { Loops.scale(values + row * columns, factors[row], values + row * columns, columns) }
        }
        return sum
    }
}

extension LowRankBranch {
    /// The Euclidean norm of each row of `weight + scaling * b * a`: `(outputs)`.
    package func rowNorms(of weight: Matrix) -> Tensor {
        let result = Tensor(uninitialized: [outputs])
        let stored = StoredMatrix(weight, update: LowRankUpdate(a: a.value, b: b.value, scaling: scaling))
        let (target, columns, block) = (result.pointer, inputs, 32)
        guard let blas = try? BLAS.load() else { return result }
        Rehearsal.current?.note(
            operations: 2 * Double(outputs) * Double(inputs) * Double(rank), scratch: block * columns,
            tasks: (outputs + block - 1) / block)
        ComputePool.shared.forEachBlock(outputs, atMost: block) { rows in
            Storage.scratch(rows.count * columns) { panel in
                stored.widen(rows: rows, columns: 0..<columns, into: panel, blas)
                for (index, row) in rows.enumerated() {
                    let line = panel + index * columns
                    target[row] = sqrtf(Loops.dot(line, line, columns))
                }
            }
        }
        return result
    }
}

/// Loops over the columns of whole matrices.
private enum Columns {
    static func quotient(_ dividend: Tensor, _ divisor: Tensor) -> Tensor {
        let result = Tensor(uninitialized: dividend.shape)
        guard !Rehearsal.isActive else { return result }
        for index in 0..<result.count { result.pointer[index] = dividend.pointer[index] / divisor.pointer[index] }
        return result
    }

    /// `x[row, column] * factors[column] + addend[column]`
    static func scaled(_ x: Tensor, by factors: Tensor, plus addend: Tensor?) -> Tensor {
        let result = Tensor(uninitialized: x.shape)
        let (from, to, f, columns) = (x.pointer, result.pointer, factors.pointer, x.columns)
        let added = addend?.pointer
        ComputePool.shared.forEachBlock(x.rows, atMost: max(1, Elementwise.block / max(1, columns))) { rows in
            for row in rows {
                let (source, target) = (from + row * columns, to + row * columns)
                if let added {
                    for column in 0..<columns { target[column] = source[column] * f[column] + added[column] }
                } else {
                    for column in 0..<columns { target[column] = source[column] * f[column] }
                }
            }
        }
        withExtendedLifetime(addend) {}
        return result
    }

    /// `target[column] += sum over rows of left * right / divisor[column]`; each task owns some columns.
    static func addDots(_ left: Tensor, _ right: Tensor, over divisor: Tensor, to target: Tensor) {
        let (a, b, d, t, columns, rows) = (
            left.pointer, right.pointer, divisor.pointer, target.pointer, left.columns, left.rows
        )
        ComputePool.shared.forEachBlock(columns, atMost: 256) { range in
            Storage.scratch(range.count) { sums in
                sums.update(repeating: 0, count: range.count)
                for row in 0..<rows {
                    let at = row * columns + range.lowerBound
                    for index in 0..<range.count { sums[index] += a[at + index] * b[at + index] }
                }
                for (index, column) in range.enumerated() { t[column] += sums[index] / d[column] }
            }
        }
    }
}
