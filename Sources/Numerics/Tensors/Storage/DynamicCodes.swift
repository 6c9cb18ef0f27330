/// The 256 numbers that stand for 8-bit codes of numbers up to 1, denser towards 0 (Dettmers, 2016).
///
/// There are seven decades, each with twice as many numbers as the next smaller one.
package struct DynamicCodes: Sendable {
    /// Ascending.
    package let values: [Float]
    /// The points between neighbours, and infinity behind the last.
    private let thresholds: [Float]
    /// By the upper half of a number's bits, the code of the least number with these bits.
    private let leastCodes: [UInt8]

    /// From -0.99 to 1.
    package static let signed = DynamicCodes(isSigned: true)
    /// From 0 to 1.
    package static let unsigned = DynamicCodes(isSigned: false)

    private init(isSigned: Bool) {
        let scales: [Float] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]
        var values: [Float] = [0, 1]
        for decade in 0..<7 {
            let intervals = 1 << (isSigned ? decade : decade + 1)
            let scale = scales[decade]
            for middle in Self.middles(intervals) {
                values.append(scale * middle)
                if isSigned { values.append(-scale * middle) }
            }
        }
        values.sort()
        let thresholds = zip(values, values.dropFirst()).map { ($0 + $1) / 2 } + [.infinity]
        self.values = values
        self.thresholds = thresholds
        leastCodes = (0...UInt32(UInt16.max)).map { upper in
            // Of negative numbers those with most bits are the least.
            let least = Float(bitPattern: upper << 16 | (upper & 0x8000 == 0 ? 0 : 0xFFFF))
            return UInt8(thresholds.dropLast().count { $0 < least })
        }
    }

    /// The middles of equal intervals between 0.1 and 1.
    private static func middles(_ intervals: Int) -> [Float] {
        let first: Float = 0.1
        let step = (1 - first) / Float(intervals)
        // From both ends, rounded once, as PyTorch's `linspace` does.
        let grid = (0...intervals).map { index in
            index < (intervals + 1) / 2
                ? Float(Double(first) + Double(step) * Double(index))
                : Float(1 - Double(step) * Double(intervals - index))
        }
        return zip(grid, grid.dropFirst()).map { ($0 + $1) / 2 }
    }

    /// The nearest number's code; in the middle between two the lower one.
    package func code(of value: Float) -> UInt8 {
        leastCodes.withUnsafeBufferPointer { least in
            thresholds.withUnsafeBufferPointer { Self.code(of: value, least, $0) }
        }
    }

    @inline(__always)
    private static func code(
        of value: Float, _ least: UnsafeBufferPointer<UInt8>, _ thresholds: UnsafeBufferPointer<Float>
    ) -> UInt8 {
        var code = Int(least[Int(value.bitPattern >> 16)])
        while value > thresholds[code] { code += 1 }
        return UInt8(truncatingIfNeeded: code)
    }

    /// Numbers that share one scale.
    package static let blockSize = 256

    /// Codes blocks of `blockSize` numbers relative to each block's largest magnitude, which goes into `scales`.
    package func encode(
        _ source: UnsafePointer<Float>, _ count: Int, into codes: UnsafeMutablePointer<UInt8>,
        scales: UnsafeMutablePointer<Float>
    ) {
        leastCodes.withUnsafeBufferPointer { least in
            thresholds.withUnsafeBufferPointer { thresholds in
                for (block, start) in stride(from: 0, to: count, by: Self.blockSize).enumerated() {
                    let end = min(count, start + Self.blockSize)
                    var largest: Float = 0
                    for i in start..<end { largest = max(largest, abs(source[i])) }
                    scales[block] = largest
                    let factor = largest > 0 ? 1 / largest : 0
                    for i in start..<end { codes[i] = Self.code(of: source[i] * factor, least, thresholds) }
                }
            }
        }
    }

    /// The numbers that `encode` has coded.
    package func decode(
        _ codes: UnsafePointer<UInt8>, _ count: Int, scales: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        values.withUnsafeBufferPointer { values in
            for (block, start) in stride(from: 0, to: count, by: Self.blockSize).enumerated() {
                let scale = scales[block]
                for i in start..<min(count, start + Self.blockSize) { result[i] = values[Int(codes[i])] * scale }
            }
        }
    }
}
