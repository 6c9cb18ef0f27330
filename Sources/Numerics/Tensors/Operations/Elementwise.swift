/// Whole-tensor loops, cut into blocks of fixed size for the pool.
enum Elementwise {
    static let block = 1 << 15

    static func add(_ left: Tensor, _ right: Tensor, into result: Tensor) {
        let (a, b, c) = (left.pointer, right.pointer, result.pointer)
        ComputePool.shared.forEachBlock(left.count, atMost: block) { range in
            let start = range.lowerBound
            Loops.add(a + start, b + start, c + start, range.count)
        }
    }

    static func scale(_ source: Tensor, by factor: Float, into result: Tensor) {
        let (a, c) = (source.pointer, result.pointer)
        ComputePool.shared.forEachBlock(source.count, atMost: block) { range in
            Loops.scale(a + range.lowerBound, factor, c + range.lowerBound, range.count)
        }
    }
}

extension Tape {
    /// `left + right`, equal shapes.
    package func add(_ left: Variable, _ right: Variable) throws -> Variable {
        guard left.shape == right.shape else {
            throw TensorError.shapeMismatch(operation: "add", expected: left.shape, actual: right.shape)
        }
        let sum = Tensor(uninitialized: left.shape)
        Elementwise.add(left.value, right.value, into: sum)
        let (leftSlot, rightSlot) = (left.slot, right.slot)
        return record(sum, needed: left.needsGradient || right.needsGradient) { tape, gradient in
            tape.accumulate(gradient, into: leftSlot)
            tape.accumulate(gradient, into: rightSlot)
        }
    }

    /// `factor * x`.
    package func scale(_ x: Variable, by factor: Float) throws -> Variable {
        let result = Tensor(uninitialized: x.shape)
        Elementwise.scale(x.value, by: factor, into: result)
        let slot = x.slot
        return record(result, needed: x.needsGradient) { tape, gradient in
            let scaled = isKnownUniquelyReferenced(&gradient) ? gradient : Tensor(uninitialized: gradient.shape)
            Elementwise.scale(gradient, by: factor, into: scaled)
            tape.accumulate(scaled, into: slot)
        }
    }
}
