import Glibc

/// `quantization_method: hqq`: scales from the least and the largest number of a group, zero points from a solver that
/// passes over outliers (Badri and Shaji, 2023).
package struct HQQQuantizer: WeightQuantizer {
    package static let bits = [1, 2, 3, 4, 5, 6, 8]
    package static let groupSize = 64

    private let packing: HQQPacking
    private let roundsZero: Bool

    /// - Parameters:
    ///   - groupSize: numbers that share a scale
    ///   - roundsZero: whether zero points begin as whole numbers; nil for the reference's choice
    package init(bits: Int, groupSize: Int = groupSize, roundsZero: Bool? = nil) {
        packing = HQQPacking(bits: bits, lines: groupSize)
        self.roundsZero = roundsZero ?? (bits == 4)
    }

    package func quantized(_ weight: Weight, file: String) throws -> any WeightStorage {
        let lines = packing.lines
        guard weight.count.isMultiple(of: lines), weight.count > 0 else {
            throw QuantizationError.unevenGroups(name: weight.name, count: weight.count, group: lines, file: file)
        }
        let groups = weight.count / lines
        let (scales, zeros) = (Tensor(uninitialized: [groups]), Tensor(uninitialized: [groups]))
        let codes = ByteTensor(uninitialized: [packing.wordLines * groups * packing.wordBytes])
        let numbers = weight.widened()
        if !Rehearsal.isActive {
            let solver = HQQSolver(
                numbers: numbers.pointer, lines: lines, groups: groups, highest: Float(packing.mask),
                scales: scales.pointer, zeros: zeros.pointer)
            solver.begin(roundsZero: roundsZero)
            if (0..<groups).contains(where: { !zeros.pointer[$0].isFinite }) { try weight.requireFinite(in: file) }
            solver.solve()
            pack(solver, into: codes)
            // From here on codes are multiplied, not divided.
            for group in 0..<groups { scales.pointer[group] = 1 / scales.pointer[group] }
        }
        return HQQStorage(shape: weight.shape, packing: packing, codes: codes, scales: scales, zeros: zeros)
    }

    private func pack(_ solver: HQQSolver, into codes: ByteTensor) {
        let groups = solver.groups
        ComputePool.shared.forEachBlock(groups, atMost: 256) { some in
            for word in 0..<packing.wordLines {
                for group in some {
                    var value: UInt32 = 0
                    for line in stride(from: word, to: packing.lines, by: packing.wordLines) {
                        let shift = packing.place(line: line, group: group, of: groups).shift
                        value |= UInt32(solver.code(line: line, group: group)) << shift
                    }
                    let place = word * groups + group
                    if packing.wordBytes == 4 {
                        codes.pointer.assumingMemoryBound(to: UInt32.self)[place] = value
                    } else {
                        codes.pointer.assumingMemoryBound(to: UInt8.self)[place] = UInt8(value)
                    }
                }
            }
        }
    }
}

/// Finds the zero points of all groups at once.
private struct HQQSolver {
    /// `(lines, groups)`
    let numbers: UnsafePointer<Float>
    let lines: Int
    let groups: Int
    /// The highest code.
    let highest: Float
    /// Codes for one; the inverse of what codes are multiplied by.
    let scales: UnsafeMutablePointer<Float>
    let zeros: UnsafeMutablePointer<Float>

    private static let groupsInTask = 256
    private static let iterations = 20
    private static let power: Float = 0.7
    private static let weight: Float = 10
    /// Below this `shrunk` gives 0 for certain; it is exactly `weight^(-1 / (2 - power))` that it begins at.
    private static let certainlyZero: Float = 0.17

    /// Scales and zero points from the least and the largest number.
    func begin(roundsZero: Bool) {
        ComputePool.shared.forEachBlock(groups, atMost: Self.groupsInTask) { some in
            for group in some {
                var (least, most, nothing): (Float, Float, Float) = (.infinity, -.infinity, 0)
                for line in 0..<lines {
                    let number = numbers[line * groups + group]
                    (least, most) = (min(least, number), max(most, number))
                    nothing += number * 0
                }
                let range = most - least
                scales[group] = min(range <= 1e-4 ? 1 : highest / range, 2e4)
                let zero = -least * scales[group]
                zeros[group] = nothing == 0 ? (roundsZero ? zero.rounded(.toNearestOrEven) : zero) : .nan
            }
        }
    }

    func solve() {
        let tasks = (groups + Self.groupsInTask - 1) / Self.groupsInTask
        let errors = UnsafeMutablePointer<Double>.allocate(capacity: tasks)
        defer { errors.deallocate() }
        var best = Float.infinity
        for _ in 0..<Self.iterations {
            ComputePool.shared.run(tasks) { task in
                let start = task * Self.groupsInTask
                errors[task] = improve(start..<min(groups, start + Self.groupsInTask))
            }
            var sum = 0.0
            for task in 0..<tasks { sum += errors[task] }
            let error = Float(sum / Double(lines * groups))
            guard error < best else { return }
            best = error
        }
    }

    func code(line: Int, group: Int) -> Float {
        let place = numbers[line * groups + group] * scales[group] + zeros[group]
        return min(highest, max(0, place.rounded(.toNearestOrEven)))
    }

    /// One step of some groups.
    ///
    /// - Returns: the sum of what rounding changed before it
    private func improve(_ some: Range<Int>) -> Double {
        var changed = 0.0
        for group in some {
            let (scale, zero) = (scales[group], zeros[group])
            var sum: Float = 0
            for line in 0..<lines {
                let number = numbers[line * groups + group]
                let code = code(line: line, group: group)
                let difference = number - (code - zero) / scale
                changed += Double(abs(difference))
                sum += code - (number - Self.shrunk(difference)) * scale
            }
            zeros[group] = sum / Float(lines)
        }
        return changed
    }

    /// What a penalty of the power 0.7 leaves of a difference.
    private static func shrunk(_ x: Float) -> Float {
        let size = abs(x)
        guard size > certainlyZero else { return 0 }
        let left = max(0, size - powf(size, power - 1) / weight)
        return x < 0 ? -left : left
    }
}
