/// Trained rotations of a linear layer's input, block by block (OFT, Qiu et al., arXiv 2306.07280 and 2506.19847).
///
/// The layer gives `x R W^T + bias`. Each block of `R` comes from a skew-symmetric matrix `Q` by Cayley's transform, whose
/// inverse is a Neumann series of a few terms, as in PEFT 0.18.
package final class OrthogonalBranch: LinearBranch {
    /// `(blocks, size * (size - 1) / 2)`: what is above the diagonal of each `Q`, row by row.
    package let angles: Parameter
    /// Inputs that are rotated together.
    package let blockSize: Int
    package let inputs: Int
    package let outputs: Int
    /// Share of the blocks that are left as they are in training, others at every step.
    package let dropout: Float
    /// Names the place, so that each adapted layer leaves out other blocks; see `Philox.hash`.
    package let site: UInt64
    private let series: CayleySeries

    /// - Parameter terms: of the series, as PEFT's `num_cayley_neumann_terms` counts them
    package init(
        angles: Parameter, blockSize: Int, outputs: Int, terms: Int, dropout: Float, site: UInt64
    ) throws {
        guard angles.shape.count == 2, angles.shape[1] == blockSize * (blockSize - 1) / 2 else {
            throw TensorError.shapeMismatch(
                operation: "rotation \(angles.name)", expected: [angles.shape[0], blockSize * (blockSize - 1) / 2],
                actual: angles.shape)
        }
        self.angles = angles
        self.blockSize = blockSize
        self.outputs = outputs
        self.dropout = dropout
        self.site = site
        inputs = angles.shape[0] * blockSize
        series = CayleySeries(size: blockSize, terms: terms)
    }

    package var name: String { angles.name }
    package var parameters: [Parameter] { [angles] }
    package var blocks: Int { angles.shape[0] }

    package func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable {
        try tape.linear(rotated(x, on: tape), layer)
    }

    /// `x R`: `(rows, inputs)`
    private func rotated(_ x: Variable, on tape: Tape) throws -> Variable {
        let (rows, left) = (x.value.rows, blocksLeft(tape.randomness))
        let rotations = try rotations(leaving: left)
        let result = Tensor(uninitialized: [rows, inputs])
        try multiply(x.value, rotations, transposed: false, into: result)
        let input = isTrainable && tape.isRecording ? SavedValue(x) : nil
        let (slot, angles) = (x.slot, angles)
        return tape.record(
            result, needed: x.needsGradient || isTrainable, parameters: isTrainable ? [angles] : []
        ) { tape, gradient in
            if let input, angles.isTrainable {
                try self.addGradient(x: input.take(), gradient: gradient, leaving: left)
            }
            guard slot != nil else { return }
            let target = Tensor(uninitialized: [rows, self.inputs])
            try self.multiply(gradient, rotations, transposed: true, into: target)
            tape.accumulate(target, into: slot)
        }
    }

    package func folded(into weight: Tensor) throws -> Tensor {
        let result = Tensor(uninitialized: weight.shape)
        try multiply(weight, rotations(leaving: []), transposed: true, into: result)
        return result
    }

    /// Blocks that are not rotated at this step; none outside of training, or where there is one block only.
    private func blocksLeft(_ randomness: RandomContext?) -> Set<Int> {
        guard let randomness, dropout > 0, blocks > 1 else { return [] }
        let generator = randomness.generator(site: site)
        let order = (0..<blocks).sorted { (generator.word($0), $0) < (generator.word($1), $1) }
        return Set(order.prefix(Int(dropout * Float(blocks))))
    }

    /// `(blocks * size, size)`: the blocks of R, one below the other.
    private func rotations(leaving left: Set<Int>) throws -> Tensor {
        let (blas, size) = (try BLAS.load(), blockSize)
        let result = Tensor(uninitialized: [blocks * size, size])
        let (from, to, series) = (angles.value.pointer, result.pointer, series)
        note(products: series.degree)
        ComputePool.shared.run(blocks) { block in
            let target = to + block * size * size
            if left.contains(block) {
                series.setToIdentity(target)
            } else {
                series.rotate(from + block * series.angleCount, into: target, blas)
            }
        }
        return result
    }

    /// `result = x R`, or `x R^T`, block by block.
    private func multiply(_ x: Tensor, _ rotations: Tensor, transposed: Bool, into result: Tensor) throws {
        let (blas, size, rows, inputs) = (try BLAS.load(), blockSize, x.rows, inputs)
        let (from, to, factors, height) = (x.pointer, result.pointer, rotations.pointer, 256)
        let pieces = (rows + height - 1) / height
        Rehearsal.current?.note(
            operations: 2 * Double(rows) * Double(inputs) * Double(size), scratch: 0, tasks: blocks * pieces)
        ComputePool.shared.run(blocks * pieces) { task in
            let (block, start) = (task / pieces, task % pieces * height)
            let offset = start * inputs + block * size
            blas.multiply(
                .no, transposed ? .yes : .no, m: min(height, rows - start), n: size, k: size, from + offset,
                stride: inputs, factors + block * size * size, stride: size, to + offset, stride: inputs)
        }
    }

    /// Adds the angles' gradient, from that of `x R`.
    private func addGradient(x: Tensor, gradient: Tensor, leaving left: Set<Int>) throws {
        let (blas, size, rows, inputs, series) = (try BLAS.load(), blockSize, x.rows, inputs, series)
        let (input, arrived, angles) = (x.pointer, gradient.pointer, angles.value.pointer)
        let target = self.angles.gradientForAdding().pointer
        Rehearsal.current?.note(
            operations: 2 * Double(rows) * Double(inputs) * Double(size), scratch: size * size, tasks: blocks)
        note(products: 3 * series.degree)
        ComputePool.shared.run(blocks) { block in
            guard !left.contains(block) else { return }
            Storage.scratch(size * size) { ofRotation in
                blas.multiply(
                    .yes, .no, m: size, n: size, k: rows, input + block * size, stride: inputs, arrived + block * size,
                    stride: inputs, ofRotation, stride: size)
                let offset = block * series.angleCount
                series.addGradient(ofRotation, angles: angles + offset, to: target + offset, blas)
            }
        }
    }

    private func note(products: Int) {
        let size = Double(blockSize)
        Rehearsal.current?.note(
            operations: 2 * Double(products * blocks) * size * size * size,
            scratch: (series.degree + 3) * blockSize * blockSize, tasks: blocks)
    }
}

/// Cayley's transform `(I + Q) (I - Q)^-1` as a series `sum of factors[j] * Q^j`.
private struct CayleySeries: Sendable {
    let size: Int
    private let factors: [Float]

    /// PEFT counts so: 1 is the identity, 2 has one power of Q, from 3 on the highest power is `terms - 1`, at least
    /// the third, and counts once where the others count twice.
    init(size: Int, terms: Int) {
        self.size = size
        factors =
            switch terms {
            case ...1: [1]
            case 2: [1, 2]
            default: [1] + Array(repeating: 2, count: max(3, terms - 1) - 1) + [1]
            }
    }

    var degree: Int { factors.count - 1 }
    var angleCount: Int { size * (size - 1) / 2 }

    func setToIdentity(_ target: UnsafeMutablePointer<Float>) { set(target, to: 1) }

    private func set(_ target: UnsafeMutablePointer<Float>, to diagonal: Float) {
        target.update(repeating: 0, count: size * size)
        for index in 0..<size { target[index * (size + 1)] = diagonal }
    }

    private func skew(_ angles: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        set(target, to: 0)
        var next = 0
        for row in 0..<size {
            for column in row + 1..<size {
                target[row * size + column] = angles[next]
                target[column * size + row] = -angles[next]
                next += 1
            }
        }
    }

    /// Horner's scheme: `sums[degree] = factors[degree] I`, `sums[j] = factors[j] I + Q sums[j + 1]`.
    private func sums(_ q: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>, _ blas: BLAS) {
        let count = size * size
        set(sums + degree * count, to: factors[degree])
        for power in stride(from: degree - 1, through: 0, by: -1) {
            let target = sums + power * count
            set(target, to: factors[power])
            blas.multiply(
                .no, .no, m: size, n: size, k: size, q, stride: size, target + count, stride: size, beta: 1, target,
                stride: size)
        }
    }

    func rotate(_ angles: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, _ blas: BLAS) {
        let count = size * size
        Storage.scratch((degree + 2) * count) { room in
            skew(angles, into: room)
            sums(room, into: room + count, blas)
            target.update(from: room + count, count: count)
        }
    }

    /// - Parameter gradient: of the rotation; is overwritten
    func addGradient(
        _ gradient: UnsafeMutablePointer<Float>, angles: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
        _ blas: BLAS
    ) {
        let count = size * size
        Storage.scratch((degree + 4) * count) { room in
            let (q, sums, ofQ, next) = (
                room, room + count, room + (degree + 2) * count, room + (degree + 3) * count
            )
            skew(angles, into: q)
            self.sums(q, into: sums, blas)
            set(ofQ, to: 0)
            for power in 0..<degree {
                blas.multiply(
                    .no, .yes, m: size, n: size, k: size, gradient, stride: size, sums + (power + 1) * count,
                    stride: size, beta: 1, ofQ, stride: size)
                blas.multiply(
                    .yes, .no, m: size, n: size, k: size, q, stride: size, gradient, stride: size, next, stride: size)
                gradient.update(from: next, count: count)
            }
            var angle = 0
            for row in 0..<size {
                for column in row + 1..<size {
                    target[angle] += ofQ[row * size + column] - ofQ[column * size + row]
                    angle += 1
                }
            }
        }
    }
}
