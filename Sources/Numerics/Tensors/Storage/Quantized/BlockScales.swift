/// The scales of a matrix's blocks, as float32 or quantized themselves (double quantization).
struct BlockScales: @unchecked Sendable {
    // Sendable because the memory is read-only for the life of the owners.
    private enum Numbers {
        case plain(UnsafePointer<Float>)
        /// Codes of `map`, relative to a scale for every 256 of them, from which `offset` had been taken.
        case nested(codes: UnsafePointer<UInt8>, scales: UnsafePointer<Float>, map: [Float], offset: Float)
    }

    let byteCount: Int
    private let numbers: Numbers
    private let owners: [AnyObject]

    /// - Parameter owner: keeps `scales` readable
    init(_ scales: UnsafePointer<Float>, count: Int, owner: AnyObject) {
        numbers = .plain(scales)
        byteCount = 4 * count
        owners = [owner]
    }

    /// - Parameters:
    ///   - map: `(256)`
    ///   - owners: keep `codes`, one for each block, and `scales`, one for every 256 of them, readable
    init(
        codes: UnsafePointer<UInt8>, count: Int, scales: UnsafePointer<Float>, map: [Float], offset: Float,
        owners: [AnyObject]
    ) {
        numbers = .nested(codes: codes, scales: scales, map: map, offset: offset)
        byteCount = count + 4 * ((count + DynamicCodes.blockSize - 1) / DynamicCodes.blockSize)
        self.owners = owners
    }

    /// Hands on the scales of some blocks.
    func with<Result>(_ blocks: Range<Int>, _ body: (UnsafePointer<Float>) -> Result) -> Result {
        switch numbers {
        case .plain(let scales): return body(scales + blocks.lowerBound)
        case .nested(let codes, let scales, let map, let offset):
            return withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, blocks.count)) { buffer in
                map.withUnsafeBufferPointer { map in
                    for (index, block) in blocks.enumerated() {
                        buffer[index] = map[Int(codes[block])] * scales[block / DynamicCodes.blockSize] + offset
                    }
                }
                guard let base = buffer.baseAddress else { preconditionFailure("at least one number was asked for") }
                return body(UnsafePointer(base))
            }
        }
    }

    /// Quantizes scales to eight bits, around their mean.
    static func nested(_ scales: Tensor) -> BlockScales {
        let count = scales.count
        let codes = ByteTensor(uninitialized: [count])
        let outer = Tensor(
            uninitialized: [(count + DynamicCodes.blockSize - 1) / DynamicCodes.blockSize])
        var offset: Float = 0
        if !Rehearsal.isActive {
            var sum = 0.0
            for index in 0..<count { sum += Double(scales.pointer[index]) }
            offset = Float(sum / Double(max(1, count)))
            for index in 0..<count { scales.pointer[index] -= offset }
            DynamicCodes.signed.encode(
                scales.pointer, count, into: codes.pointer.assumingMemoryBound(to: UInt8.self), scales: outer.pointer)
        }
        return BlockScales(
            codes: codes.pointer.assumingMemoryBound(to: UInt8.self), count: count, scales: outer.pointer,
            map: DynamicCodes.signed.values, offset: offset, owners: [codes, outer])
    }
}
