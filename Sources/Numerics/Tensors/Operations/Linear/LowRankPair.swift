/// Two matrices whose product `b * a` is of low rank.
package struct LowRankPair: Sendable {
    /// `(rank, inputs)`
    package let a: Tensor
    /// `(outputs, rank)`
    package let b: Tensor

    package init(a: Tensor, b: Tensor) {
        self.a = a
        self.b = b
    }
}

extension LowRankBranch {
    /// What the branch adds to the weight as one pair: twice its rank where it has a start, `b * a - start.b * start.a`.
    package var whole: LowRankPair {
        guard let start else { return LowRankPair(a: a.value, b: b.value) }
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
        guard let start else {
            a.value = whole
            return
        }
        a.value.pointer.update(from: whole.pointer, count: a.count)
        start.a.pointer.update(from: whole.pointer + a.count, count: a.count)
    }

    /// As `restore(a:)`, the other matrix.
    package func restore(b whole: Tensor) {
        guard let start else {
            b.value = whole
            return
        }
        for row in 0..<outputs {
            let line = whole.pointer + row * 2 * rank
            (b.value.pointer + row * rank).update(from: line, count: rank)
            for column in 0..<rank { start.b.pointer[row * rank + column] = -line[rank + column] }
        }
    }
}
