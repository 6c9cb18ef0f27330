import CKernels
import Testing

/// The levels that this machine can run, with their kernels.
struct KernelLevel: Sendable, CustomTestStringConvertible {
    let level: kernel_level
    nonisolated(unsafe) let table: UnsafePointer<kernel_table>

    var testDescription: String { String(cString: kernel_level_name(level)) }

    static let all: [KernelLevel] = [kernel_level.scalar, .avx2, .avx512, .amx].compactMap { level in
        kernel_table_for_level(level).map { KernelLevel(level: level, table: $0) }
    }
}

/// Arrays of one test: every element is preceded and followed by a guard that no kernel may touch.
struct GuardedArray {
    private var storage: [Float]
    private let offset: Int
    let count: Int

    private static let mark: Float = 12345.678

    /// - Parameter offset: elements before the array, so that it lies at any alignment
    init(_ values: [Float], offset: Int) {
        self.offset = 16 + offset
        count = values.count
        storage = [Float](repeating: Self.mark, count: 16 + offset) + values + [Float](repeating: Self.mark, count: 32)
    }

    var values: [Float] { Array(storage[offset..<offset + count]) }

    var isIntact: Bool {
        storage[..<offset].allSatisfy { $0 == Self.mark } && storage[(offset + count)...].allSatisfy { $0 == Self.mark }
    }

    mutating func withPointer<Result>(_ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
        storage.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the guards are never empty") }
            return body(base + offset)
        }
    }
}

/// Numbers that look random and are the same in every run.
struct NumberStream {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> Float {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(Int64(bitPattern: state) >> 40) / Float(1 << 22)
    }

    mutating func array(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in next() * scale } }
}

/// Sizes around every width of lanes, and a few beyond.
let kernelSizes = Array(0...130) + [255, 256, 257, 1000]

/// Distance of two numbers in units of the last place of the exact one.
func ulps(_ found: Float, _ exact: Double) -> Double {
    let rounded = Float(exact)
    if found == rounded || found.isNaN && exact.isNaN { return 0 }
    guard found.isFinite, rounded.isFinite else { return .infinity }
    return abs(Double(found) - exact) / Double(max(rounded.ulp, Float.leastNonzeroMagnitude))
}
