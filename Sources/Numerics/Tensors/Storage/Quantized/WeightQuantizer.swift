/// Makes a storage of few bits of a weight; one file per format.
package protocol WeightQuantizer: Sendable {
    /// Quantizes on all threads, a piece of the weight at a time.
    ///
    /// - Parameter file: where the weight comes from, named in errors
    /// - Throws: `NotFiniteTensor`, `QuantizationError`
    func quantized(_ weight: Weight, file: String) throws -> any WeightStorage
}

/// Why a weight cannot be quantized.
package enum QuantizationError: Error, Equatable, CustomStringConvertible {
    /// A number that half precision has no room for.
    case beyondHalfPrecision(name: String, value: Float, file: String)
    /// A weight that cannot be cut into whole groups.
    case unevenGroups(name: String, count: Int, group: Int, file: String)

    package var description: String {
        switch self {
        case .beyondHalfPrecision(let name, let value, let file):
            "\(file): the tensor '\(name)' holds \(value), and quantizing to 8 bits goes by way of half precision, "
                + "which ends at 65504 (quantize to 4 bits, or by `quantization_method: eetq`)"
        case .unevenGroups(let name, let count, let group, let file):
            "\(file): the tensor '\(name)' has \(count) numbers, which cannot be cut into groups of \(group) for "
                + "`quantization_method: hqq` (use `bitsandbytes`)"
        }
    }
}

extension Weight {
    /// Hands on pieces of whole rows as float32, on all threads.
    ///
    /// - Parameters:
    ///   - grain: pieces begin at multiples of so many numbers
    ///   - body: gets the rows and their numbers
    func forEachPiece(grain: Int = 1, _ body: (_ rows: Range<Int>, _ numbers: UnsafeMutablePointer<Float>) -> Void) {
        var (divisor, rest) = (grain, columns)
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        let step = grain / max(1, divisor)
        let size = max(1, (1 << 16) / max(1, columns * step)) * step
        ComputePool.shared.forEachBlock(rows, atMost: size) { rows in
            Storage.scratch(rows.count * columns) { numbers in
                storage.widen(rows: rows, columns: 0..<columns, into: numbers)
                body(rows, numbers)
            }
        }
    }
}
