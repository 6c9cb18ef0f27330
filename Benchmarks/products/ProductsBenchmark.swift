import Glibc
import LinuxSystem
import Tensors

/// `products-benchmark`: answers each line `DIRECTION KIND TOKENS OUTPUTS INPUTS` of standard input with the seconds of
/// one product, the best of three after a first one, and its error as a share of the result's norm.
///
/// DIRECTION is `forward` or `gradient` (of the input), KIND `sgemm` or a precision. Weights are bfloat16, for sgemm
/// already widened; everything else is float32. `compare.py` asks, in turns with PyTorch. With one thread
/// (`FINETUNED_THREADS=1`) the seconds are the processor's, which a busy machine disturbs less.
@main
struct ProductsBenchmark {
    static func main() throws {
        if let type = CPUFeatures.openBLASCoreType { setenv("OPENBLAS_CORETYPE", type, 0) }
        let tiles = MatrixTiles.request()
        print("kernels \(MatrixTiles.level), tiles \(tiles), OpenBLAS \(try BLAS.load().coreName)")
        fflush(nil)
        var operands: Operands?
        while let line = readLine() {
            let words = line.split(separator: " ")
            let sizes = words.dropFirst(2).compactMap { Int($0) }
            guard sizes.count == 3, sizes.allSatisfy({ $0 > 0 }), ["forward", "gradient"].contains(words[0]) else {
                fatalError("expected: forward|gradient sgemm|highest|high|medium TOKENS OUTPUTS INPUTS")
            }
            if operands?.sizes != sizes { operands = try Operands(sizes) }
            if let operands {
                print(try operands.measure(words[0] == "forward", MatmulPrecision(rawValue: String(words[1]))))
            }
            fflush(nil)
        }
    }
}

/// The matrices of one shape.
private final class Operands {
    let sizes: [Int]
    private let weight: Weight
    private let wide: [Float]
    private let x: Tensor
    private let dy: Tensor
    private let y: Tensor
    private let dx: Tensor

    init(_ sizes: [Int]) throws {
        self.sizes = sizes
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        x = try Tensor(Self.numbers(m * k, seed: 1), shape: [m, k])
        dy = try Tensor(Self.numbers(m * n, seed: 2), shape: [m, n])
        y = Tensor(zeros: [m, n])
        dx = Tensor(zeros: [m, k])
        wide = Self.numbers(n * k, seed: 3).map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
        var bytes = [UInt8](repeating: 0, count: 2 * n * k)
        for (index, number) in wide.enumerated() {
            bytes[2 * index] = UInt8(truncatingIfNeeded: number.bitPattern >> 16)
            bytes[2 * index + 1] = UInt8(number.bitPattern >> 24)
        }
        weight = try Weight(name: "w", format: .bfloat16, shape: [n, k], copying: bytes)
    }

    private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
        }
    }

    func measure(_ isForward: Bool, _ precision: MatmulPrecision?) throws -> String {
        var times: [Double] = []
        for _ in 0..<4 {
            let start = Self.seconds
            if isForward { try forward(precision) } else { try gradient(precision) }
            times.append(Self.seconds - start)
        }
        return "\(times.dropFirst().min() ?? 0) \(error(isForward))"
    }

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(ComputePool.shared.threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func forward(_ precision: MatmulPrecision?) throws {
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        let blas = try BLAS.load()
        withPointers(x, y) { x, y in
            if let precision {
                let left = LeftPanels(x, rows: m, depth: k, stride: k, precision)
                SplitProducts.forward(left, RightMatrix(weight.storage), precision, into: y)
                return
            }
            cut(n) { columns in
                wide.withUnsafeBufferPointer { w in
                    guard let w = w.baseAddress else { return }
                    blas.multiply(
                        .no, .yes, m: m, n: columns.count, k: k, x, stride: k, w + columns.lowerBound * k, stride: k,
                        y + columns.lowerBound, stride: n)
                }
            }
        }
    }

    private func gradient(_ precision: MatmulPrecision?) throws {
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        let blas = try BLAS.load()
        withPointers(dy, dx) { dy, dx in
            if let precision {
                let left = LeftPanels(dy, rows: m, depth: n, stride: n, precision)
                SplitProducts.inputGradient(left, RightMatrix(weight.storage), precision, adding: false, into: dx)
                return
            }
            cut(k) { columns in
                wide.withUnsafeBufferPointer { w in
                    guard let w = w.baseAddress else { return }
                    blas.multiply(
                        .no, .no, m: m, n: columns.count, k: n, dy, stride: n, w + columns.lowerBound, stride: k,
                        dx + columns.lowerBound, stride: k)
                }
            }
        }
    }

    private func withPointers(
        _ source: Tensor, _ result: Tensor, _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        source.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { result in
                if let source = source.baseAddress, let result = result.baseAddress { body(source, result) }
            }
        }
    }

    /// Even shares of the columns, two for every thread.
    private func cut(_ count: Int, _ body: (Range<Int>) -> Void) {
        let blocks = 2 * ComputePool.shared.threads
        ComputePool.shared.forEachBlock(count, atMost: ((count + blocks - 1) / blocks + 15) / 16 * 16, body)
    }

    /// Of some of the result's numbers, against double precision.
    private func error(_ isForward: Bool) -> Double {
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        let columns = isForward ? n : k
        var (squares, norm) = (0.0, 0.0)
        for place in stride(from: 0, to: m * columns, by: max(1, m * columns / 500)) {
            let (row, column) = (place / columns, place % columns)
            let exact =
                isForward
                ? (0..<k).reduce(0.0) { $0 + Double(x[row * k + $1]) * Double(wide[column * k + $1]) }
                : (0..<n).reduce(0.0) { $0 + Double(dy[row * n + $1]) * Double(wide[$1 * k + column]) }
            let found = Double(isForward ? y[place] : dx[place])
            squares += (found - exact) * (found - exact)
            norm += exact * exact
        }
        return (squares / norm).squareRoot()
    }
}
