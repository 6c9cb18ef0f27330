import Glibc

extension SIMD8<Float> {
    /// Sum of the first `count` lanes, in a fixed order.
    @inline(__always) fileprivate func partialSum(_ count: Int) -> Float {
        if count >= 8 { return sum() }
        var total: Float = 0
        for lane in 0..<count { total += self[lane] }
        return total
    }
}

/// The element loops under the operations; every one works on checked sizes.
enum Loops {
    // MARK: Storage formats

    static func widen(
        _ type: WeightFormat, _ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>
    ) {
        switch type {
        case .float32:
            memcpy(destination, source, count * 4)
        case .bfloat16:
            for index in 0..<count {
                let half = source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                destination[index] = Float(bitPattern: UInt32(half) << 16)
            }
        case .float16:
            for index in 0..<count {
                destination[index] = Float(
                    Float16(bitPattern: source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)))
            }
        }
    }

    static func narrow(
        _ source: UnsafePointer<Float>, _ count: Int, to type: WeightFormat, into destination: UnsafeMutableRawPointer
    ) {
        switch type {
        case .float32:
            memcpy(destination, source, count * 4)
        case .bfloat16:
            for index in 0..<count {
                let bits = source[index].bitPattern
                let rounded = (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16
                let half = source[index].isNaN ? UInt16(0x7FC0) : UInt16(truncatingIfNeeded: rounded)
                destination.storeBytes(of: half, toByteOffset: index * 2, as: UInt16.self)
            }
        case .float16:
            for index in 0..<count {
                destination.storeBytes(of: Float16(source[index]).bitPattern, toByteOffset: index * 2, as: UInt16.self)
            }
        }
    }

    // MARK: Vectors

    static func add(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in 0..<count { result[index] = left[index] + right[index] }
    }

    static func scale(
        _ source: UnsafePointer<Float>, _ factor: Float, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in 0..<count { result[index] = source[index] * factor }
    }

    /// `result += factor * source`.
    static func addScaled(
        _ source: UnsafePointer<Float>, _ factor: Float, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in 0..<count { result[index] += source[index] * factor }
    }

    /// Sum of products, in sixteen interleaved partial sums.
    static func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int) -> Float {
        var sums = SIMD16<Float>()
        let whole = count & ~15
        var index = 0
        while index < whole {
            sums +=
                UnsafeRawPointer(left + index).loadUnaligned(as: SIMD16<Float>.self)
                * UnsafeRawPointer(right + index).loadUnaligned(as: SIMD16<Float>.self)
            index &+= 16
        }
        var total = sums.sum()
        while index < count {
            total += left[index] * right[index]
            index &+= 1
        }
        return total
    }

    static func maximum(_ source: UnsafePointer<Float>, _ count: Int) -> Float {
        var best = -Float.infinity
        let whole = count & ~15
        if whole > 0 {
            var lanes = SIMD16<Float>(repeating: -.infinity)
            for index in stride(from: 0, to: whole, by: 16) {
                let next = UnsafeRawPointer(source + index).loadUnaligned(as: SIMD16<Float>.self)
                lanes.replace(with: next, where: next .> lanes)
            }
            best = lanes.max()
        }
        for index in whole..<count where source[index] > best { best = source[index] }
        return best
    }

    /// `values[i] = exp(values[i] - offset)`; returns their sum.
    static func exponentials(_ values: UnsafeMutablePointer<Float>, minus offset: Float, _ count: Int) -> Float {
        var total = 0.0
        // Float sums over short stretches, added up in double precision.
        eights(count) { range in
            var sum: Float = 0
            for index in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                let result = exponential(load(values + index, range.upperBound - index) - offset)
                store(result, values + index, range.upperBound - index)
                sum += result.partialSum(range.upperBound - index)
            }
            total += Double(sum)
        }
        return Float(total)
    }

    /// Stretches of at most 512 elements.
    @inline(__always) private static func eights(_ count: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: count, by: 512) { body(start..<min(count, start + 512)) }
    }

    /// Eight elements, or the first `count` and zeros.
    @inline(__always) private static func load(_ source: UnsafePointer<Float>, _ count: Int) -> SIMD8<Float> {
        if count >= 8 { return UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self) }
        var result = SIMD8<Float>()
        for lane in 0..<count { result[lane] = source[lane] }
        return result
    }

    @inline(__always)
    private static func store(_ values: SIMD8<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int) {
        if count >= 8 {
            UnsafeMutableRawPointer(target).storeBytes(of: values, as: SIMD8<Float>.self)
        } else {
            for lane in 0..<count { target[lane] = values[lane] }
        }
    }

    /// `values[i] = cap * tanh(values[i] / cap)`.
    static func softCap(_ values: UnsafeMutablePointer<Float>, _ cap: Float, _ count: Int) {
        for index in 0..<count { values[index] = cap * tanhf(values[index] / cap) }
    }

    // MARK: Gated activations

    @inline(__always) private static func sigmoid(_ x: SIMD8<Float>) -> SIMD8<Float> {
        1 / (1 + exponential(-x))
    }

    /// 2 * sigmoid(2x) - 1, which is exact enough beside the 1 it is added to.
    @inline(__always) private static func hyperbolicTangent(_ x: SIMD8<Float>) -> SIMD8<Float> {
        1 - 2 / (1 + exponential(2 * x))
    }

    /// The inner argument of GELU's tanh approximation.
    @inline(__always) private static func geluArgument(_ x: SIMD8<Float>) -> SIMD8<Float> {
        0.797_884_56 * (x + 0.044715 * x * x * x)
    }

    /// `result = silu(gate) * up`.
    static func siluGate(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in stride(from: 0, to: count, by: 8) {
            let x = load(gate + index, count - index)
            store(x * sigmoid(x) * load(up + index, count - index), result + index, count - index)
        }
    }

    static func siluGateBackward(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
        _ gateGradient: UnsafeMutablePointer<Float>, _ upGradient: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in stride(from: 0, to: count, by: 8) {
            let left = count - index
            let (x, incoming, factor) = (load(gate + index, left), load(gradient + index, left), load(up + index, left))
            let s = sigmoid(x)
            store(incoming * x * s, upGradient + index, left)
            store(incoming * factor * s * (1 + x * (1 - s)), gateGradient + index, left)
        }
    }

    /// `result = gelu(gate) * up` with the tanh approximation.
    static func geluGate(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in stride(from: 0, to: count, by: 8) {
            let x = load(gate + index, count - index)
            let t = hyperbolicTangent(geluArgument(x))
            store(0.5 * x * (1 + t) * load(up + index, count - index), result + index, count - index)
        }
    }

    static func geluGateBackward(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
        _ gateGradient: UnsafeMutablePointer<Float>, _ upGradient: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in stride(from: 0, to: count, by: 8) {
            let left = count - index
            let (x, incoming, factor) = (load(gate + index, left), load(gradient + index, left), load(up + index, left))
            let t = hyperbolicTangent(geluArgument(x))
            let inner = 0.797_884_56 * (1 + 3 * 0.044715 * x * x)
            store(incoming * 0.5 * x * (1 + t), upGradient + index, left)
            store(incoming * factor * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner), gateGradient + index, left)
        }
    }

    // MARK: Norm

    /// One row: `result = x * r * (weight + offset)`, r = 1 / sqrt(mean(x^2) + epsilon), which is returned.
    static func rmsNorm(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ count: Int,
        epsilon: Float, offset: Float
    ) -> Float {
        let mean = dot(x, x, count) / Float(count)
        let r = 1 / (mean + epsilon).squareRoot()
        for index in 0..<count { result[index] = x[index] * r * (weight[index] + offset) }
        return r
    }

    /// One row: gradient of `rmsNorm` with respect to x.
    static func rmsNormBackward(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
        _ result: UnsafeMutablePointer<Float>, _ count: Int, r: Float, offset: Float
    ) {
        for index in 0..<count { result[index] = gradient[index] * (weight[index] + offset) }
        let projection = dot(result, x, count) * r * r / Float(count)
        for index in 0..<count { result[index] = r * (result[index] - x[index] * projection) }
    }

    // MARK: Rotation

    /// Rotates the pairs `(i, i + half)` of one head in place; `direction` -1 turns back.
    static func rotate(
        _ head: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, half: Int,
        direction: Float
    ) {
        for index in 0..<half {
            let (low, high) = (head[index], head[half &+ index])
            let (c, s) = (cosines[index], sines[index] * direction)
            head[index] = low * c - high * s
            head[half &+ index] = high * c + low * s
        }
    }

    // MARK: Few-row products

    /// `result[j] = x . row(j)` for `rows` consecutive rows of a stored matrix.
    static func matrixVector(
        _ type: WeightFormat, _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ x: UnsafePointer<Float>,
        _ result: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            widen(type, matrix + row * columns * type.byteCount, columns, into: scratch)
            result[row] = dot(scratch, x, columns)
        }
    }
}
