/// A low-rank pair that began as what the layer's weight does most, which the weight no longer does (PiSSA, Meng et al.,
/// arXiv 2404.02948).
///
/// The weight is not changed: what the pair began as is taken from it as it is read.
package final class PiSSABranch: LinearBranch {
    package let pair: LowRankBranch
    /// What the pair began as.
    package let start: LowRankPair

    package init(_ pair: LowRankBranch, start: LowRankPair) throws {
        guard start.a.shape == pair.a.shape, start.b.shape == pair.b.shape else {
            throw TensorError.shapeMismatch(
                operation: "start of \(pair.name)", expected: pair.a.shape + pair.b.shape,
                actual: start.a.shape + start.b.shape)
        }
        self.pair = pair
        self.start = start
    }

    package var name: String { pair.name }
    package var inputs: Int { pair.inputs }
    package var outputs: Int { pair.outputs }
    package var parameters: [Parameter] { pair.parameters }

    package func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable {
        guard case .frozen(let weight) = layer.weight else {
            throw TensorError.invalidArgument(
                operation: "branch \(name)", name: "weight", value: "trainable",
                expected: "a frozen one, which the branch began from")
        }
        let rest = try ReducedStorage(weight.storage, less: start, scaling: pair.scaling)
        return try pair.forward(
            x, beside: LinearProjection(weight: .frozen(Weight(name: weight.name, storage: rest)), bias: layer.bias),
            on: tape)
    }

    package func folded(into weight: Tensor) throws -> Tensor {
        let rest = try ReducedStorage(Weight(name: name, tensor: weight).storage, less: start, scaling: pair.scaling)
        return try pair.folded(into: Weight(name: name, storage: rest).widened())
    }
}

extension PiSSABranch {
    /// What the branch adds to the weight as one pair of twice the rank: `b * a - start.b * start.a`.
    package var whole: LowRankPair {
        let (rank, a, b) = (pair.rank, pair.a, pair.b)
        let result = LowRankPair(
            a: Tensor(uninitialized: [2 * rank, inputs]), b: Tensor(uninitialized: [outputs, 2 * rank]))
        guard !Rehearsal.isActive else { return result }
        result.a.pointer.update(from: a.value.pointer, count: a.count)
        (result.a.pointer + a.count).update(from: start.a.pointer, count: a.count)
        for row in 0..<outputs {
            let line = result.b.pointer + row * 2 * rank
            line.update(from: b.value.pointer + row * rank, count: rank)
            for column in 0..<rank { line[rank + column] = -start.b.pointer[row * rank + column] }
        }
        return result
    }

    /// Takes the pair and its start from what `whole` has given, `a` of it.
    package func restore(a whole: Tensor) {
        pair.a.value.pointer.update(from: whole.pointer, count: start.a.count)
        start.a.pointer.update(from: whole.pointer + start.a.count, count: start.a.count)
    }

    /// As `restore(a:)`, the other matrix.
    package func restore(b whole: Tensor) {
        let rank = pair.rank
        for row in 0..<outputs {
            let line = whole.pointer + row * 2 * rank
            (pair.b.value.pointer + row * rank).update(from: line, count: rank)
            for column in 0..<rank { start.b.pointer[row * rank + column] = -line[rank + column] }
        }
    }
}
