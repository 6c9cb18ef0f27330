extension Tape {
    /// Rows `ids` of `table (vocabulary, hidden)` as float32 `(ids.count, hidden)`.
    ///
    /// - Parameter paddingIndex: a row that receives no gradient.
    package func embedding(_ ids: [Int32], table: Matrix, paddingIndex: Int? = nil) throws -> Variable {
        let (vocabulary, width) = (table.rows, table.columns)
        if let bad = ids.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw TensorError.indexOutOfRange(operation: "embedding \(table.name)", index: Int(bad), limit: vocabulary)
        }
        let result = Tensor(uninitialized: [ids.count, width])
        let target = result.pointer
        ComputePool.shared.forEachBlock(ids.count, atMost: max(1, Elementwise.block / max(1, width))) { rows in
            for row in rows {
                switch table {
                case .frozen(let weight):
                    let id = Int(ids[row])
                    weight.storage.widen(rows: id..<id + 1, columns: 0..<width, into: target + row * width)
                case .trainable(let parameter):
                    (target + row * width).update(from: parameter.value.pointer + Int(ids[row]) * width, count: width)
                }
            }
        }
        let parameter = table.parameterToTrain
        return record(result, needed: parameter != nil, parameters: parameter.map { [$0] } ?? []) { _, gradient in
            guard let parameter else { return }
            Rows.addRows(
                gradient, at: ids.map { Int($0) }, skipping: paddingIndex, to: parameter.gradientForAdding())
        }
    }

    /// Rows `indices` of `x`, in the given order; a row may be taken several times.
    package func gatherRows(_ x: Variable, _ indices: [Int]) throws -> Variable {
        let (rows, width) = (x.value.rows, x.value.columns)
        if let bad = indices.first(where: { $0 < 0 || $0 >= rows }) {
            throw TensorError.indexOutOfRange(operation: "gatherRows", index: bad, limit: rows)
        }
        let result = Rows.gather(x.value, indices)
        let (shape, slot) = (x.shape, x.slot)
        return record(result, needed: x.needsGradient) { tape, gradient in
            let spread = Tensor(zeros: shape)
            Rows.addRows(gradient, at: indices, skipping: nil, to: spread)
            precondition(spread.columns == width)
            tape.accumulate(spread, into: slot)
        }
    }

    /// `x` with other rows in the places `indices`, each named once.
    package func replacedRows(_ x: Variable, at indices: [Int], by other: Variable) throws -> Variable {
        guard other.shape == [indices.count, x.value.columns] else {
            throw TensorError.shapeMismatch(
                operation: "replacedRows", expected: [indices.count, x.value.columns], actual: other.shape)
        }
        let rows = x.value.rows
        if let bad = indices.first(where: { $0 < 0 || $0 >= rows }) {
            throw TensorError.indexOutOfRange(operation: "replacedRows", index: bad, limit: rows)
        }
        let result = x.value.copy()
        Rows.put(other.value, at: indices, of: result)
        let (slot, otherSlot) = (x.slot, other.slot)
        return record(result, needed: x.needsGradient || other.needsGradient) { tape, gradient in
            if otherSlot != nil { tape.accumulate(Rows.gather(gradient, indices), into: otherSlot) }
            guard slot != nil else { return }
            let kept = gradient.copy()
            Rows.put(Tensor(zeros: [indices.count, gradient.columns]), at: indices, of: kept)
            tape.accumulate(kept, into: slot)
        }
    }

    /// A matrix of `rowCount` rows, zero but for the rows of `x` added at `indices`.
    package func scatterRows(_ x: Variable, _ indices: [Int], rowCount: Int) throws -> Variable {
        guard indices.count == x.value.rows else {
            throw TensorError.shapeMismatch(
                operation: "scatterRows", expected: [x.value.rows], actual: [indices.count])
        }
        if let bad = indices.first(where: { $0 < 0 || $0 >= rowCount }) {
            throw TensorError.indexOutOfRange(operation: "scatterRows", index: bad, limit: rowCount)
        }
        let result = Tensor(zeros: [rowCount, x.value.columns])
        Rows.addRows(x.value, at: indices, skipping: nil, to: result)
        let slot = x.slot
        return record(result, needed: x.needsGradient) { tape, gradient in
            tape.accumulate(Rows.gather(gradient, indices), into: slot)
        }
    }
}

enum Rows {
    static func gather(_ x: Tensor, _ indices: [Int]) -> Tensor {
        let width = x.columns
        let result = Tensor(uninitialized: [indices.count, width])
        let (source, target) = (x.pointer, result.pointer)
        ComputePool.shared.forEachBlock(indices.count, atMost: max(1, Elementwise.block / max(1, width))) { rows in
            for row in rows { (target + row * width).update(from: source + indices[row] * width, count: width) }
        }
        return result
    }

    /// Row r multiplied by `factors[r]`.
    static func scaled(_ source: Tensor, by factors: Tensor) -> Tensor {
        let (rows, width) = (source.rows, source.columns)
        let result = Tensor(uninitialized: source.shape)
        let (from, to, f) = (source.pointer, result.pointer, factors.pointer)
        ComputePool.shared.forEachBlock(rows, atMost: max(1, Elementwise.block / max(1, width))) { range in
            for row in range { Loops.scale(from + row * width, f[row], to + row * width, width) }
        }
        return result
    }

    /// `target[indices[i]] = source[i]`, no row named twice.
    static func put(_ source: Tensor, at indices: [Int], of target: Tensor) {
        let width = target.columns
        let (from, to) = (source.pointer, target.pointer)
        ComputePool.shared.forEachBlock(indices.count, atMost: max(1, Elementwise.block / max(1, width))) { rows in
            for row in rows { (to + indices[row] * width).update(from: from + row * width, count: width) }
        }
    }

    /// `target[indices[i]] += source[i]`. Each task owns some columns and adds the rows in order, so that a row
    /// named twice is summed in the same order every time.
    static func addRows(_ source: Tensor, at indices: [Int], skipping: Int?, to target: Tensor) {
        let width = target.columns
        let (from, to) = (source.pointer, target.pointer)
        ComputePool.shared.forEachBlock(width, atMost: 256) { columns in
            let start = columns.lowerBound
            for (row, index) in indices.enumerated() where index != skipping {
                let destination = to + (index * width + start)
                Loops.add(destination, from + (row * width + start), destination, columns.count)
            }
        }
    }
}
