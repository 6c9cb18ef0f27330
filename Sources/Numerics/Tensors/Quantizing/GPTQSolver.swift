import CKernels

/// How GPTQ is to quantize a layer.
package struct GPTQSettings: Equatable, Sendable {
    /// The order in which a layer's inputs are quantized; later ones make up for the errors of earlier ones.
    package enum Order: Sendable {
        case asTheyAre
        /// The most active inputs first, which are then of groups that are no neighbours (`desc_act`).
        case descending
        /// Within groups of neighbours, the most active inputs first, and the groups by their most active one
        /// (`act_group_aware`).
        case withinGroups
    }

    package var bits: Int
    /// Inputs that share a scale.
    package var groupSize = 128
    /// Whether numbers lie around zero.
    package var isSymmetric = true
    package var order = Order.withinGroups
    /// The share of the Hessian's mean diagonal that is added to it.
    package var damping = 0.1

    package init(bits: Int) { self.bits = bits }
}

/// What a layer's error is measured by: `2 / N` times the sum of `x x^T` over the inputs of `N` sequences.
package final class GPTQHessian {
    package let inputs: Int
    private let sum: Tensor
    private var sequences = 0

    package init(inputs: Int) {
        self.inputs = inputs
        sum = Tensor(zeros: [inputs, inputs])
    }

    /// - Parameter x: the inputs of one sequence, `(tokens, inputs)`
    package func add(_ x: Tensor) throws {
        try Products.addTransposedProduct(
            x.pointer, m: x.rows, n: inputs, x.pointer, k: inputs, into: sum.pointer)
        sequences += 1
    }

    /// Nil when nothing was added: a layer that no sequence has used.
    fileprivate var value: Tensor? {
        guard sequences > 0 else { return nil }
        let value = sum.copy()
        kernel_scale_f32(value.pointer, 2 / Float(sequences), value.pointer, value.count)
        return value
    }
}

/// Quantizes a layer's weight so that its outputs change least (Frantar et al., arXiv 2210.17323).
package enum GPTQSolver {
    /// Columns whose errors are collected before those behind them are changed.
    private static let block = 128

    /// - Parameters:
    ///   - weight: `(outputs, inputs)`
    ///   - hessian: without any input, numbers are rounded to the nearest
    /// - Throws: `TensorError` for numbers that are none
    package static func quantize(
        _ weight: Tensor, hessian: GPTQHessian, settings: GPTQSettings, name: String
    ) throws -> GPTQCodes {
        let (outputs, inputs) = (weight.rows, weight.columns)
        guard weight.array.allSatisfy(\.isFinite) else {
            throw TensorError.invalidArgument(
                operation: "quantizing \(name)", name: "weight", value: "a number that is none",
                expected: "finite numbers")
        }
        let value = hessian.value ?? identity(inputs)
        let diagonal = (0..<inputs).map { value[$0 * inputs + $0] }
        let order = GPTQOrder(diagonal, settings)
        let work = Tensor(uninitialized: [outputs, inputs])
        for output in 0..<outputs {
            for (place, input) in order.inputs.enumerated() {
                work[output * inputs + place] = diagonal[input] == 0 ? 0 : weight[output * inputs + input]
            }
        }
        let factor = try inverseFactor(value, diagonal, order.inputs, settings, name: name)
        let rows = GPTQRows(outputs: outputs, inputs: inputs, order: order, settings: settings)
        let blas = try BLAS.load()
        // Outputs do not touch each other.
        ComputePool.shared.forEachBlock(outputs, atMost: 32) { range in
            for start in stride(from: 0, to: inputs, by: block) {
                rows.quantize(range, columns: start..<min(inputs, start + block), work, factor, blas)
            }
        }
        return rows.codes
    }

    private static func identity(_ order: Int) -> Tensor {
        let value = Tensor(zeros: [order, order])
        for index in 0..<order { value[index * order + index] = 1 }
        return value
    }

    /// The upper factor of the damped Hessian's inverse, in the order of quantizing.
    private static func inverseFactor(
        _ hessian: Tensor, _ diagonal: [Float], _ inputs: [Int], _ settings: GPTQSettings, name: String
    ) throws -> Tensor {
        let count = inputs.count
        let living = diagonal.map { $0 == 0 ? 1 : Double($0) }
        let mean = living.reduce(0, +) / Double(count)
        let lapack = try LAPACK.load()
        var damping = settings.damping
        while damping < 1 {
            var matrix = [Double](unsafeUninitializedCapacity: count * count) { buffer, initialized in
                for (row, input) in inputs.enumerated() {
                    for (column, other) in inputs.enumerated() {
                        buffer[row * count + column] =
                            row == column
                            ? living[input] + damping * mean : Double(hessian[input * count + other])
                    }
                }
                initialized = count * count
            }
            if lapack.replaceByFactorOfInverse(&matrix, order: count) {
                let factor = Tensor(uninitialized: [count, count])
                for index in 0..<count * count { factor[index] = Float(matrix[index]) }
                return factor
            }
            damping += 0.0015
        }
        throw TensorError.invalidArgument(
            operation: "quantizing \(name)", name: "the Hessian of its inputs", value: "not positive",
            expected: "finite inputs of the layer")
    }
}

/// The order of quantizing, and the group of each input.
struct GPTQOrder {
    /// The input that comes at each place.
    let inputs: [Int]
    /// The group at each place; equal ones are neighbours.
    let groups: [Int]
    let groupCount: Int

    init(_ diagonal: [Float], _ settings: GPTQSettings) {
        let (count, size) = (diagonal.count, min(settings.groupSize, diagonal.count))
        groupCount = (count + size - 1) / size
        func descending(_ inputs: some Sequence<Int>) -> [Int] {
            inputs.sorted { diagonal[$0] != diagonal[$1] ? diagonal[$0] > diagonal[$1] : $0 < $1 }
        }
        switch settings.order {
        case .asTheyAre:
            inputs = Array(0..<count)
            groups = inputs.map { $0 / size }
        case .descending:
            inputs = descending(0..<count)
            groups = (0..<count).map { $0 / size }
        case .withinGroups:
            let members = (0..<groupCount).map { descending($0 * size..<min(count, ($0 + 1) * size)) }
            let order = members.sorted { left, right in
                let (one, other) = (diagonal[left[0]], diagonal[right[0]])
                return one != other ? one > other : left[0] < right[0]
            }
            inputs = order.flatMap { $0 }
            groups = inputs.map { $0 / size }
        }
    }
}

/// The rows of a layer while it is quantized; each task writes rows of its own.
private final class GPTQRows: @unchecked Sendable {
    // Sendable because tasks write to disjoint rows.
    private let outputs: Int
    private let inputs: Int
    private let order: GPTQOrder
    private let settings: GPTQSettings
    private let codeBytes: UnsafeMutablePointer<UInt8>
    private let scales: UnsafeMutablePointer<Float>
    private let zeros: UnsafeMutablePointer<UInt8>

    init(outputs: Int, inputs: Int, order: GPTQOrder, settings: GPTQSettings) {
        self.outputs = outputs
        self.inputs = inputs
        self.order = order
        self.settings = settings
        codeBytes = .allocate(capacity: outputs * inputs)
        scales = .allocate(capacity: order.groupCount * outputs)
        zeros = .allocate(capacity: order.groupCount * outputs)
        codeBytes.initialize(repeating: 0, count: outputs * inputs)
        scales.initialize(repeating: 0, count: order.groupCount * outputs)
        zeros.initialize(repeating: 0, count: order.groupCount * outputs)
    }

    deinit {
        codeBytes.deallocate()
        scales.deallocate()
        zeros.deallocate()
    }

    var codes: GPTQCodes {
        var groups = [Int32](repeating: 0, count: inputs)
        for (place, input) in order.inputs.enumerated() { groups[input] = Int32(order.groups[place]) }
        return GPTQCodes(
            outputs: outputs, inputs: inputs, bits: settings.bits, groupCount: order.groupCount,
            codes: Array(UnsafeBufferPointer(start: codeBytes, count: outputs * inputs)),
            scales: Array(UnsafeBufferPointer(start: scales, count: order.groupCount * outputs)),
            zeros: Array(UnsafeBufferPointer(start: zeros, count: order.groupCount * outputs)), groups: groups)
    }

    /// One block of columns of some rows; what is left of the errors goes to the columns behind.
    func quantize(_ rows: Range<Int>, columns: Range<Int>, _ work: Tensor, _ factor: Tensor, _ blas: BLAS) {
        let width = columns.count
        let rest = inputs - columns.upperBound
        Storage.scratch(rows.count * width + width) { scratch in
            let (errors, line) = (scratch, scratch + rows.count * width)
            for (index, row) in rows.enumerated() {
                let weights = work.pointer + row * inputs
                line.update(from: weights + columns.lowerBound, count: width)
                for column in columns {
                    let group = order.groups[column]
                    if column == 0 || order.groups[column - 1] != group {
                        chooseScale(row, group, from: column, weights)
                    }
                    let place = group * outputs + row
                    let (scale, zero) = (scales[place], Float(zeros[place]))
                    let number = line[column - columns.lowerBound]
                    let code = min(
                        max((number / scale).rounded(.toNearestOrEven) + zero, 0), Float(1 << settings.bits - 1))
                    codeBytes[row * inputs + order.inputs[column]] = UInt8(code)
                    let diagonal = factor.pointer + column * inputs + column
                    let error = (number - scale * (code - zero)) / diagonal[0]
                    errors[index * width + column - columns.lowerBound] = error
                    kernel_add_scaled_f32(
                        diagonal, -error, line + (column - columns.lowerBound), columns.upperBound - column)
                }
            }
            guard rest > 0 else { return }
            blas.multiply(
                .no, .no, m: rows.count, n: rest, k: width, alpha: -1, errors, stride: width,
                factor.pointer + columns.lowerBound * inputs + columns.upperBound, stride: inputs, beta: 1,
                work.pointer + rows.lowerBound * inputs + columns.upperBound, stride: inputs)
        }
    }

    /// Scale and zero point of a group from the numbers that it has where its block begins.
    private func chooseScale(_ row: Int, _ group: Int, from first: Int, _ weights: UnsafeMutablePointer<Float>) {
        var (least, most): (Float, Float) = (0, 0)
        var column = first
        while column < inputs, order.groups[column] == group {
            least = min(least, weights[column])
            most = max(most, weights[column])
            column += 1
        }
        if settings.isSymmetric {
            most = max(-least, most)
            if least < 0 { least = -most }
        }
        if least == 0, most == 0 { (least, most) = (-1, 1) }
        let largest = Float(1 << settings.bits - 1)
        let scale = (most - least) / largest
        let place = group * outputs + row
        scales[place] = scale
        zeros[place] = UInt8(settings.isSymmetric ? (largest + 1) / 2 : (-least / scale).rounded(.toNearestOrEven))
    }
}
