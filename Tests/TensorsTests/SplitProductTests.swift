import CKernels
import Foundation
import LinuxSystem
import Tensors
import Testing

/// Products in bfloat16 parts against double precision, and the promise that no cut changes a bit.
@Suite(.serialized) struct SplitProductTests {
    /// Rows, outputs, inputs: remainders everywhere, several pieces of the depth, several tasks in both directions.
    static let shapes = [[1, 1, 1], [5, 33, 70], [40, 130, 1100], [70, 1200, 31], [600, 20, 64], [33, 40, 2080]]

    /// A stored matrix in one format, and what its numbers are.
    private func weight(_ format: WeightFormat, _ rows: Int, _ columns: Int) throws -> (Weight, [Float]) {
        let bytes = Weight.narrowedBytes(noise([rows, columns], "w"), to: format)
        let weight = try Weight(name: "w", format: format, shape: [rows, columns], copying: bytes)
        return (weight, weight.widened().array)
    }

    /// `left(m, k) * right(k, n)` in double precision.
    private func exact(_ left: [Float], _ right: [Float], m: Int, n: Int, k: Int) -> [Double] {
        var result = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
            for inner in 0..<k {
                let factor = Double(left[row * k + inner])
                for column in 0..<n { result[row * n + column] += factor * Double(right[inner * n + column]) }
            }
        }
        return result
    }

    private func transposed(_ matrix: [Float], _ rows: Int, _ columns: Int) -> [Float] {
        (0..<rows * columns).map { matrix[$0 % rows * columns + $0 / rows] }
    }

    /// The error as a share of the norm, within what a precision promises.
    private func expectNear(
        _ found: [Float], _ exact: [Double], _ precision: MatmulPrecision, _ comment: Comment,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = zip(found, exact).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) }
        let norm = exact.reduce(1e-30) { $0 + $1 * $1 }
        let bound =
            switch precision {
            case .highest: 1e-6
            case .high: 1e-5
            case .medium: 1e-2
            }
        #expect((error / norm).squareRoot() < bound, comment, sourceLocation: sourceLocation)
    }

    @Test(arguments: shapes, WeightFormat.allCases)
    func forwardAndInputGradient(_ shape: [Int], _ format: WeightFormat) throws {
        let (m, n, k) = (shape[0], shape[1], shape[2])
        let (weight, numbers) = try weight(format, n, k)
        let matrix = RightMatrix(weight.storage)
        let (x, dy, bias) = (noise([m, k], "x").array, noise([m, n], "dy").array, noise([n], "bias").array)
        let y = exact(x, transposed(numbers, n, k), m: m, n: n, k: k).enumerated().map { $1 + Double(bias[$0 % n]) }
        let dx = exact(dy, numbers, m: m, n: k, k: n).map { $0 + 1 }
        for precision in MatmulPrecision.allCases {
            var found = [Float](repeating: .nan, count: m * n)
            let left = LeftPanels(x, rows: m, depth: k, stride: k, precision)
            bias.withUnsafeBufferPointer {
                guard let bias = $0.baseAddress else { return }
                SplitProducts.forward(left, matrix, precision, start: .line(bias), into: &found)
            }
            expectNear(found, y, precision, "\(precision) y")
            var gradient = [Float](repeating: 1, count: m * k)
            let upper = LeftPanels(dy, rows: m, depth: n, stride: n, precision)
            SplitProducts.inputGradient(upper, matrix, precision, adding: true, into: &gradient)
            expectNear(gradient, dx, precision, "\(precision) dx")
            SplitProducts.inputGradient(upper, matrix, precision, adding: false, into: &gradient)
            expectNear(gradient, dx.map { $0 - 1 }, precision, "\(precision) dx")
        }
    }

    @Test(arguments: shapes) func weightGradient(_ shape: [Int]) {
        let (m, n, k) = (shape[0], shape[1], shape[2])
        let (x, dy) = (noise([m, k], "x").array, noise([m, n], "dy").array)
        let dw = exact(transposed(dy, m, n), x, m: n, n: k, k: m).map { $0 - 2 }
        for precision in MatmulPrecision.allCases {
            var found = [Float](repeating: -2, count: n * k)
            SplitProducts.addTransposedProduct(dy, m: m, n: n, x, k: k, precision, into: &found)
            expectNear(found, dw, precision, "\(precision)")
        }
    }

    /// A format that fills panels itself gives the bits of the rows it stands for, whatever grain it is cut at.
    @Test(arguments: [1, 48, 256]) func formatsThatFillPanels(grain: Int) throws {
        let (m, n, k) = (50, 200, 1500)
        let (weight, numbers) = try weight(.bfloat16, n, k)
        let narrowed = RightMatrix(
            .narrowed { rows, columns, panel in
                #expect(columns.lowerBound % grain == 0 && (columns.upperBound % grain == 0 || columns.upperBound == k))
                for (line, row) in rows.enumerated() {
                    for (place, column) in columns.enumerated() {
                        panel[line * columns.count + place] = UInt16(numbers[row * k + column].bitPattern >> 16)
                    }
                }
            }, rows: n, columns: k, columnGrain: grain)
        let (x, dy) = (noise([m, k], "x").array, noise([m, n], "dy").array)
        let left = LeftPanels(x, rows: m, depth: k, stride: k, .high)
        let upper = LeftPanels(dy, rows: m, depth: n, stride: n, .high)
        var (y, dx) = ([[Float]](), [[Float]]())
        for matrix in [RightMatrix(weight.storage), narrowed] {
            var (forward, gradient) = ([Float](repeating: 0, count: m * n), [Float](repeating: 0, count: m * k))
            SplitProducts.forward(left, matrix, .high, into: &forward)
            SplitProducts.inputGradient(upper, matrix, .high, adding: false, into: &gradient)
            y.append(forward)
            dx.append(gradient)
        }
        #expect(y[0] == y[1] && dx[0] == dx[1])
    }

    /// Neither threads nor the number of rows in a call nor company in a round of the pool change a bit.
    @Test func cutsChangeNoBit() throws {
        let (m, n, k) = (130, 300, 1100)
        let (weight, _) = try weight(.bfloat16, n, k)
        let matrix = RightMatrix(weight.storage)
        let x = noise([m, k], "x").array
        let left = LeftPanels(x, rows: m, depth: k, stride: k, .high)
        var expected = [Float](repeating: 0, count: m * n)
        SplitProducts.forward(left, matrix, .high, into: &expected)
        defer { ComputePool.shared.limitThreads(to: nil) }
        for threads in [1, 2, 3, 8] {
            ComputePool.shared.limitThreads(to: threads)
            var found = [Float](repeating: 0, count: m * n)
            SplitProducts.forward(LeftPanels(x, rows: m, depth: k, stride: k, .high), matrix, .high, into: &found)
            #expect(found == expected, "\(threads) threads")
        }
        for rows in [1, 17, 100] {
            var found = [Float](repeating: 0, count: rows * n)
            SplitProducts.forward(LeftPanels(x, rows: rows, depth: k, stride: k, .high), matrix, .high, into: &found)
            #expect(found == Array(expected[..<(rows * n)]), "\(rows) rows")
        }
        // Two products with one left operand in one round, written side by side.
        var both = [Float](repeating: 0, count: m * 2 * n)
        both.withUnsafeMutableBufferPointer {
            guard let base = $0.baseAddress else { return }
            let term = SplitTerm(left, matrix, transposed: true, .high)
            SplitProducts.run([0, n].map { SplitProduct([term], into: base + $0, stride: 2 * n) })
        }
        for row in 0..<m {
            let line = expected[row * n..<(row + 1) * n]
            #expect(
                both[2 * row * n..<(2 * row + 1) * n] == line && both[(2 * row + 1) * n..<(2 * row + 2) * n] == line)
        }
    }

    /// A low-rank branch as a second term is what it would be as a product of its own.
    @Test func aBranchJoinsTheProduct() throws {
        let (m, n, k, rank) = (90, 140, 1200, 12)
        let (weight, _) = try weight(.bfloat16, n, k)
        let (x, inner, b) = (noise([m, k], "x").array, noise([m, rank], "z").array, noise([n, rank], "b").array)
        let left = LeftPanels(x, rows: m, depth: k, stride: k, .medium)
        let low = LeftPanels(inner, rows: m, depth: rank, stride: rank, .medium)
        var (together, apart) = ([Float](repeating: 0, count: m * n), [Float](repeating: 0, count: m * n))
        b.withUnsafeBufferPointer {
            guard let base = $0.baseAddress else { return }
            let terms = [
                SplitTerm(left, RightMatrix(weight.storage), transposed: true, .medium),
                SplitTerm(low, RightMatrix(.float32(base), rows: n, columns: rank), transposed: true, .medium),
            ]
            SplitProducts.run([SplitProduct(terms, into: &together)])
            SplitProducts.run([SplitProduct([terms[0]], into: &apart)])
            SplitProducts.run([SplitProduct([terms[1]], start: .result, into: &apart)])
        }
        #expect(together == apart)
    }

    /// The same bits on every machine: `make test` runs this at every level, with tiles and without.
    @Test func bitsOfEveryMachine() throws {
        MatrixTiles.request()
        let (m, n, k) = (45, 100, 1111)
        // Made of integers, so that no library's rounding has a part in them.
        func numbers(_ count: Int) -> [Float] {
            (0..<count).map { Float(UInt32(truncatingIfNeeded: $0) &* 2_654_435_761 >> 8) / Float(1 << 23) - 1 }
        }
        let x = numbers(m * k)
        let w = numbers(n * k).flatMap { number in
            withUnsafeBytes(of: UInt16(number.bitPattern >> 16)) { [UInt8]($0) }
        }
        let weight = try Weight(name: "w", format: .bfloat16, shape: [n, k], copying: w)
        let sums = MatmulPrecision.allCases.map { precision in
            var y = [Float](repeating: 0, count: m * n)
            SplitProducts.forward(
                LeftPanels(x, rows: m, depth: k, stride: k, precision), RightMatrix(weight.storage), precision, into: &y
            )
            // FNV-1a.
            return y.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
        }
        #expect(sums == [9_644_072_481_528_030_243, 10_036_436_932_641_182_176, 12_362_645_368_109_095_876])
    }

    @Test func memoryIsRehearsed() throws {
        let (m, n, k) = (256, 400, 1500)
        let (weight, _) = try weight(.bfloat16, n, k)
        let x = noise([m, k], "x").array
        var y = [Float](repeating: 0, count: m * n)
        func step() {
            let left = LeftPanels(x, rows: m, depth: k, stride: k, .high)
            SplitProducts.forward(left, RightMatrix(weight.storage), .high, into: &y)
        }
        TensorMemory.trim()
        TensorMemory.resetPeak()
        let before = TensorMemory.statistics.liveBytes
        step()
        let real = TensorMemory.statistics.peakBytes - before
        let rehearsal = Rehearsal(threads: ComputePool.shared.threads)
        rehearsal.run { step() }
        #expect(real >= m * k * 4 && rehearsal.figures.peakLiveBytes >= real)
        #expect(rehearsal.figures.peakLiveBytes <= real + (2 << 20))
        #expect(rehearsal.figures.operations == 2 * 2 * Double(m) * Double(n) * Double(k))
    }

    /// Who cannot ask the kernels, as the daemon, sees the same processor.
    @Test func everybodySeesTheSameTiles() {
        let seen = kernel_level_supported() == .amx
        #expect(CPUFeatures.hasTiles == seen)
    }

    @Test func tilesSayWhyTheyAreNotUsed() {
        switch MatrixTiles.request() {
        case .ready:
            #expect(MatrixTiles.areReady && MatrixTiles.level == "amx")
        case .unavailable(let reason):
            #expect(!MatrixTiles.areReady && !reason.isEmpty)
        }
    }
}
