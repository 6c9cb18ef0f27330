import CKernels
import Foundation
import Testing

/// Products of bfloat16 parts: every level gives the bits of the order of additions that the header tells.
struct PanelTests {
    /// How wild the numbers of a case are.
    enum Numbers: CaseIterable { case ordinary, wideExponents, anyBits }

    /// `start + left(rows, depth) * right(depth, columns)`, with remainders in every dimension.
    struct Case {
        let rows: Int
        let columns: Int
        let depth: Int
        let leftParts: Int
        let rightParts: Int
        let order: Int
        let left: [Float]
        let right: [Float]
        let start: [Float]?
        let startStride: Int

        init(_ seed: Int, most: Int, _ numbers: Numbers) {
            var random = SplitMix(seed)
            rows = random.below(most) + 1
            columns = random.below(most) + 1
            depth = random.below(most) + 1
            order = random.below(3) + 1
            leftParts = random.below(order) + 1
            rightParts = random.below(order) + 1
            left = (0..<rows * depth).map { _ in random.number(numbers) }
            right = (0..<columns * depth).map { _ in random.number(numbers) }
            startStride = random.below(2) * columns
            start = random.below(3) == 0 ? nil : (0..<rows * columns).map { _ in random.number(numbers) }
        }

        /// The product by one level's kernels; the operands lie transposed in memory or not.
        func product(_ kernels: kernel_table, transposed: Bool) -> [Float] {
            let blocks = (depth + 31) / 32
            var leftPanels = [UInt16](repeating: 0x7FC0, count: (rows + 31) / 32 * blocks * leftParts * 1024)
            var rightPanels = [UInt16](repeating: 0x7FC0, count: (columns + 31) / 32 * blocks * rightParts * 1024)
            let (x, w) = (flipped(left, rows, transposed), flipped(right, columns, transposed))
            if transposed {
                kernels.left_panels_transposed_f32(x, rows, rows, depth, leftParts, &leftPanels)
                kernels.right_panels_transposed_f32(w, columns, columns, depth, rightParts, &rightPanels)
            } else {
                kernels.left_panels_f32(x, depth, rows, depth, leftParts, &leftPanels)
                kernels.right_panels_f32(w, depth, columns, depth, rightParts, &rightPanels)
            }
            var result = GuardedArray([Float](repeating: .nan, count: rows * (columns + 3)), offset: depth % 5)
            leftPanels.withUnsafeBufferPointer { leftPanels in
                rightPanels.withUnsafeBufferPointer { rightPanels in
                    guard let first = leftPanels.baseAddress, let second = rightPanels.baseAddress else { return }
                    var term = kernel_panel_term(
                        left: first, left_stride: blocks * leftParts * 1024, left_parts: leftParts, right: second,
                        right_stride: blocks * rightParts * 1024, right_parts: rightParts, depth_blocks: blocks,
                        order: order)
                    result.withPointer {
                        kernels.panel_product(&term, 1, rows, columns, start, startStride, $0, columns + 3)
                    }
                }
            }
            #expect(result.isIntact)
            let lines = (0..<rows).map { Array(result.values[$0 * (columns + 3)..<($0 + 1) * (columns + 3)]) }
            #expect(lines.allSatisfy { $0[columns...].allSatisfy(\.isNaN) }, "between the lines")
            return lines.flatMap { $0[..<columns] }
        }

        private func flipped(_ matrix: [Float], _ lines: Int, _ transposed: Bool) -> [Float] {
            transposed ? (0..<lines * depth).map { matrix[$0 % lines * depth + $0 / lines] } : matrix
        }

        /// What the header says, number by number.
        var expected: [Float] {
            let x = left.map { Self.split($0, leftParts) }, w = right.map { Self.split($0, rightParts) }
            return (0..<rows * columns).map { place in
                let (row, column) = (place / columns, place % columns)
                var sum = start.map { $0[row * startStride + column] } ?? 0
                for block in stride(from: 0, to: depth, by: 32) {
                    for j in (0..<rightParts).reversed() {
                        for i in (0..<min(leftParts, order - j)).reversed() {
                            var (even, odd) = (Float(0), Float(0))
                            for k in stride(from: block, to: min(depth, block + 32), by: 2) {
                                even = flushed(even.addingProduct(x[row * depth + k][i], w[column * depth + k][j]))
                                guard k + 1 < depth else { break }
                                odd = flushed(
                                    odd.addingProduct(x[row * depth + k + 1][i], w[column * depth + k + 1][j]))
                            }
                            sum = flushed(flushed(sum) + flushed(even + odd))
                        }
                    }
                }
                return sum
            }
        }

        private static func split(_ value: Float, _ parts: Int) -> [Float] {
            var rest = value
            return (0..<parts).map { _ in
                let bits = rest.bitPattern
                let rounded = rest.isNaN ? bits | 0x40_0000 : (bits &+ 0x7FFF &+ (bits >> 16 & 1))
                let part = Float(bitPattern: rounded & 0xFFFF_0000)
                rest = part.isFinite ? rest - part : 0
                return flushed(part)
            }
        }
    }

    @Test(arguments: KernelLevel.all) func theOrderOfAdditionsIsAsDescribed(_ level: KernelLevel) {
        for seed in 0..<60 {
            for numbers in Numbers.allCases {
                let sample = Case(seed, most: 45, numbers)
                let found = sample.product(level.table.pointee, transposed: seed % 2 == 0)
                #expect(sameBits(found, sample.expected), "\(numbers), \(sample.rows) x \(sample.columns)")
            }
        }
    }

    @Test func everyLevelGivesTheSameBits() throws {
        let scalar = try #require(KernelLevel.all.first).table.pointee
        for seed in 100..<130 {
            for numbers in Numbers.allCases {
                let sample = Case(seed, most: 150, numbers)
                let expected = sample.product(scalar, transposed: false)
                for level in KernelLevel.all {
                    let found = sample.product(level.table.pointee, transposed: seed % 2 == 0)
                    #expect(sameBits(found, expected), "\(level.testDescription), \(numbers), \(seed)")
                }
            }
        }
    }

    @Test(arguments: KernelLevel.all) func severalTermsAreAddedInOneGo(_ level: KernelLevel) {
        let kernels = level.table.pointee
        let (rows, columns) = (37, 50)
        var random = SplitMix(5)
        let depths = [70, 16]
        let left = depths.map { depth in (0..<rows * depth).map { _ in random.number(.ordinary) } }
        let right = depths.map { depth in (0..<columns * depth).map { _ in random.number(.ordinary) } }
        var panels: [[UInt16]] = []
        for (index, depth) in depths.enumerated() {
            let blocks = (depth + 31) / 32
            var first = [UInt16](repeating: 0, count: 2 * blocks * 2 * 1024)
            var second = [UInt16](repeating: 0, count: 2 * blocks * 1024)
            kernels.left_panels_f32(left[index], depth, rows, depth, 2, &first)
            kernels.right_panels_f32(right[index], depth, columns, depth, 1, &second)
            panels += [first, second]
        }
        var (apart, together) = (
            [Float](repeating: 1, count: rows * columns), [Float](repeating: 1, count: rows * columns)
        )
        panels[0].withUnsafeBufferPointer { a in
            panels[1].withUnsafeBufferPointer { b in
                panels[2].withUnsafeBufferPointer { c in
                    panels[3].withUnsafeBufferPointer { d in
                        let pairs = [(a, b), (c, d)]
                        let terms = zip(depths, pairs).map { depth, pair in
                            let blocks = (depth + 31) / 32
                            return kernel_panel_term(
                                left: pair.0.baseAddress!, left_stride: blocks * 2048, left_parts: 2,
                                right: pair.1.baseAddress!, right_stride: blocks * 1024, right_parts: 1,
                                depth_blocks: blocks, order: 2)
                        }
                        for term in terms {
                            let before = apart
                            kernels.panel_product([term], 1, rows, columns, before, columns, &apart, columns)
                        }
                        let before = together
                        kernels.panel_product(terms, 2, rows, columns, before, columns, &together, columns)
                    }
                }
            }
        }
        #expect(sameBits(apart, together))
    }

    @Test(arguments: KernelLevel.all) func storedBFloat16IsPackedAsItLies(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for (columns, depth) in [(1, 1), (16, 32), (33, 31), (40, 100), (64, 64), (7, 65)] {
            var random = SplitMix(columns)
            let stride = depth + 5
            let numbers = (0..<columns * stride).map { _ in UInt16(truncatingIfNeeded: random.next()) }
            let blocks = (depth + 31) / 32
            let count = (columns + 31) / 32 * blocks * 1024
            var (panels, transposed) = ([UInt16](repeating: 1, count: count), [UInt16](repeating: 2, count: count))
            // At an odd address, as a file's offset may make it.
            var bytes: [UInt8] = [0] + numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            bytes.withUnsafeBytes { kernels.right_panels_bf16($0.baseAddress! + 1, stride, columns, depth, &panels) }
            let other = (0..<depth * columns).map { numbers[$0 % columns * stride + $0 / columns] }
            bytes = [0] + other.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            bytes.withUnsafeBytes {
                kernels.right_panels_transposed_bf16($0.baseAddress! + 1, columns, columns, depth, &transposed)
            }
            #expect(panels == transposed)
            for place in 0..<count {
                let (panel, within) = (place / (blocks * 1024), place % (blocks * 1024))
                let (block, inBlock) = (within / 1024, within % 1024)
                let column = panel * 32 + inBlock / 512 * 16 + inBlock % 32 / 2
                let k = block * 32 + inBlock % 512 / 32 * 2 + inBlock % 2
                let number = column < columns && k < depth ? numbers[column * stride + k] : 0
                #expect(panels[place] == number, "\(columns) x \(depth), \(place)")
            }
        }
    }

    /// The sum of three parts is the number, whatever its exponent, but for numbers near the subnormal ones.
    @Test(arguments: KernelLevel.all) func threePartsAreTheNumber(_ level: KernelLevel) {
        var random = SplitMix(3)
        let values = (0..<32 * 32).map { _ in random.number(.wideExponents) }
        var panel = [UInt16](repeating: 0, count: 3 * 1024)
        level.table.pointee.left_panels_f32(values, 32, 32, 32, 3, &panel)
        for (index, value) in values.enumerated() where abs(value) > 1e-30 {
            let parts = (0..<3).map { Double(Float(bitPattern: UInt32(panel[$0 * 1024 + index]) << 16)) }
            #expect(parts.reduce(0, +) == Double(value))
        }
    }

    /// Against double precision, as a share of the result's norm: what each precision promises.
    @Test(arguments: KernelLevel.all) func errorsOfEachPrecision(_ level: KernelLevel) {
        let kernels = level.table.pointee
        let (rows, columns, depth) = (33, 48, 600)
        var random = SplitMix(11)
        let left = (0..<rows * depth).map { _ in random.number(.ordinary) }
        let floats = (0..<columns * depth).map { _ in random.number(.ordinary) }
        // Once with weights that are bfloat16, once with any.
        for (rightParts, bounds) in [(1, [3e-3, 4e-6, 5e-7]), (3, [5e-3, 9e-6, 5e-7])] {
            let right = rightParts == 1 ? floats.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) } : floats
            let exact = (0..<rows * columns).map { place in
                (0..<depth).reduce(0.0) {
                    $0 + Double(left[place / columns * depth + $1]) * Double(right[place % columns * depth + $1])
                }
            }
            for order in 1...3 {
                let parts = min(order, rightParts)
                var first = [UInt16](repeating: 0, count: 2 * 19 * order * 1024)
                var second = [UInt16](repeating: 0, count: 2 * 19 * parts * 1024)
                kernels.left_panels_f32(left, depth, rows, depth, order, &first)
                kernels.right_panels_f32(right, depth, columns, depth, parts, &second)
                var found = [Float](repeating: 0, count: rows * columns)
                first.withUnsafeBufferPointer { first in
                    second.withUnsafeBufferPointer { second in
                        var term = kernel_panel_term(
                            left: first.baseAddress!, left_stride: 19 * order * 1024, left_parts: order,
                            right: second.baseAddress!, right_stride: 19 * parts * 1024, right_parts: parts,
                            depth_blocks: 19, order: order)
                        kernels.panel_product(&term, 1, rows, columns, nil, 0, &found, columns)
                    }
                }
                let error = zip(found, exact).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) }
                let norm = exact.reduce(0) { $0 + $1 * $1 }
                #expect((error / norm).squareRoot() < bounds[order - 1], "\(order) of \(rightParts)")
                #expect(order == 3 || (error / norm).squareRoot() > bounds[order - 1] / 50, "\(order) of \(rightParts)")
            }
        }
    }

    /// The twin sets the processor to flush subnormals while it computes.
    @Test(arguments: KernelLevel.all) func subnormalsAreKeptElsewhere(_ level: KernelLevel) {
        let sample = Case(1, most: 40, .ordinary)
        _ = sample.product(level.table.pointee, transposed: false)
        var values: [Float] = [.leastNonzeroMagnitude, 3 * .leastNonzeroMagnitude]
        level.table.pointee.add_f32(values, values, &values, 2)
        #expect(values == [2 * .leastNonzeroMagnitude, 6 * .leastNonzeroMagnitude])
    }
}

/// Subnormal numbers are zero to tiles.
private func flushed(_ value: Float) -> Float { value.isSubnormal ? (value.sign == .minus ? -0.0 : 0) : value }

/// Whether two arrays have the same bits, any NaN being as good as another.
private func sameBits(_ left: [Float], _ right: [Float]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
}

/// Bits that look random and are the same in every run (Steele, Lea and Flood, OOPSLA 2014).
private struct SplitMix {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func number(_ numbers: PanelTests.Numbers) -> Float {
        let bits = next()
        switch numbers {
        case .ordinary: return Float(Int64(bitPattern: bits) >> 40) / Float(1 << 22)
        case .wideExponents:
            let exponent = UInt32(bits >> 32) % 200 + 20
            return Float(bitPattern: UInt32(bits >> 63) << 31 | exponent << 23 | UInt32(bits & 0x7F_FFFF))
        case .anyBits: return Float(bitPattern: UInt32(truncatingIfNeeded: bits))
        }
    }
}
