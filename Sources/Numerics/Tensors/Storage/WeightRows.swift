import Glibc

/// Matrices with other rows than before, such as embeddings of a vocabulary that grew.
extension Weight {
    /// The same matrix with some rows exchanged and others behind the last one, in the same format.
    ///
    /// - Parameters:
    ///   - count: rows of the result; all behind the present ones must be among `rows`
    ///   - rows: which rows are new, each once
    ///   - numbers: their numbers, `(rows.count, columns)`
    /// - Throws: `TensorError` for rows that do not fit, and for weights that are packed in groups
    package func withRows(count: Int, replacing rows: [Int], by numbers: Tensor) throws -> Weight {
        guard let format else {
            throw TensorError.invalidArgument(
                operation: "rows of \(name)", name: "format", value: "packed in groups",
                expected: "numbers one by one: a quantized matrix cannot get new rows")
        }
        guard numbers.shape == [rows.count, columns], count >= self.rows, Set(rows).isSuperset(of: self.rows..<count)
        else {
            throw TensorError.shapeMismatch(
                operation: "rows of \(name)", expected: [rows.count, columns], actual: numbers.shape)
        }
        let width = columns * format.byteCount
        let memory = Tensor(uninitialized: [(count * width + 3) / 4])
        let bytes = UnsafeMutableRawPointer(memory.pointer)
        if !Rehearsal.isActive {
            withElements { _, old in old.baseAddress.map { _ = memcpy(bytes, $0, old.count) } }
            for (position, row) in rows.enumerated() {
                format.element.narrow(numbers.pointer + position * columns, columns, into: bytes + row * width)
            }
        }
        return try Weight(
            name: name, format: format, shape: [count, columns],
            bytes: UnsafeRawBufferPointer(start: bytes, count: count * width), owner: memory)
    }

    /// The mean of the rows that are not left out: `(columns)`, summed in double precision.
    package func meanRow(leavingOut: Set<Int> = []) -> Tensor {
        let mean = Tensor(zeros: [columns])
        guard !Rehearsal.isActive else { return mean }
        let (kept, target) = ((0..<rows).filter { !leavingOut.contains($0) }, mean.pointer)
        guard !kept.isEmpty else { return mean }
        let grain = max(storage.columnGrain, 256 / storage.columnGrain * storage.columnGrain)
        ComputePool.shared.forEachBlock(columns, atMost: grain) { range in
            var sums = [Double](repeating: 0, count: range.count)
            Storage.scratch(range.count) { panel in
                for row in kept {
                    storage.widen(rows: row..<row + 1, columns: range, into: panel)
                    for column in 0..<range.count { sums[column] += Double(panel[column]) }
                }
            }
            for (column, sum) in sums.enumerated() {
                target[range.lowerBound + column] = Float(sum / Double(kept.count))
            }
        }
        return mean
    }

    /// The mean of rows of the matrix, each as often as it is named: `(columns)`.
    package func meanRow(of rows: [Int]) throws -> Tensor {
        let (row, mean) = (Tensor(uninitialized: [columns]), Tensor(zeros: [columns]))
        for index in rows {
            try widen(rows: index..<index + 1, into: row)
            Elementwise.add(mean, row, into: mean)
        }
        Elementwise.scale(mean, by: 1 / Float(max(1, rows.count)), into: mean)
        return mean
    }
}

extension Tensor {
    /// Zeroes all rows of a matrix but those that are named.
    package func clearRows(except kept: Set<Int>) {
        let (width, target) = (columns, pointer)
        ComputePool.shared.forEachBlock(rows, atMost: max(1, (1 << 16) / max(1, width))) { range in
            for row in range where !kept.contains(row) { (target + row * width).update(repeating: 0, count: width) }
        }
    }
}
