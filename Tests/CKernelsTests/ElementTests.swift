import CKernels
import Foundation
import Testing

/// Every kernel of every level against double precision, at all small sizes and alignments.
struct ElementTests {
    typealias Unary = (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

    /// Applies a kernel that fills an array of its input's size.
    static func apply(_ values: [Float], offset: Int, _ body: Unary) -> (values: [Float], isIntact: Bool) {
        var result = GuardedArray([Float](repeating: 7, count: values.count), offset: offset)
        values.withUnsafeBufferPointer { source in
            let empty: [Float] = [0]
            empty.withUnsafeBufferPointer { spare in
                guard let pointer = source.baseAddress ?? spare.baseAddress else { return }
                result.withPointer { body(pointer, $0, values.count) }
            }
        }
        return (result.values, result.isIntact)
    }

    @Test(arguments: KernelLevel.all) func exponentialsAndTangents(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes {
            var numbers = NumberStream(size)
            let values = numbers.array(size, scale: 20)
            let (exponentials, first) = Self.apply(values, offset: size % 7) { kernels.exp_f32($0, $1, $2) }
            let (tangents, second) = Self.apply(values, offset: size % 5) { kernels.tanh_f32($0, $1, $2) }
            #expect(first && second, "size \(size)")
            for (index, value) in values.enumerated() {
                #expect(ulps(exponentials[index], exp(Double(value))) <= 2, "exp \(value)")
                #expect(ulps(tangents[index], tanh(Double(value))) <= 2, "tanh \(value)")
            }
        }
    }

    @Test(arguments: KernelLevel.all) func edgesOfTheNumberRange(_ level: KernelLevel) {
        let kernels = level.table.pointee
        let values: [Float] = [
            0, -0.0, 1e-30, -1e-30, 88.7, 88.8, -87.3, -100, -103.9, -104, -200, 1e30, -1e30, .infinity, -.infinity,
            .nan, .leastNonzeroMagnitude, 9.5,
        ]
        let (exponentials, _) = Self.apply(values, offset: 3) { kernels.exp_f32($0, $1, $2) }
        let (tangents, _) = Self.apply(values, offset: 3) { kernels.tanh_f32($0, $1, $2) }
        for (index, value) in values.enumerated() {
            #expect(ulps(exponentials[index], exp(Double(value))) <= 2, "exp \(value) = \(exponentials[index])")
            #expect(ulps(tangents[index], tanh(Double(value))) <= 2, "tanh \(value) = \(tangents[index])")
        }
    }

    @Test(arguments: KernelLevel.all) func arithmeticIsRoundedOnce(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes {
            var numbers = NumberStream(size)
            let (left, right) = (numbers.array(size), numbers.array(size))
            func check(_ what: String, _ expected: (Int) -> Float, _ body: Unary) {
                let (found, isIntact) = Self.apply(left, offset: size % 16, body)
                #expect(isIntact && found == (0..<size).map(expected), "\(what) of \(size)")
            }
            right.withUnsafeBufferPointer { other in
                let other = other.baseAddress ?? UnsafePointer(bitPattern: 64)
                guard let other else { return }
                check("add", { left[$0] + right[$0] }) { kernels.add_f32($0, other, $1, $2) }
                check("multiply", { left[$0] * right[$0] }) { kernels.multiply_f32($0, other, $1, $2) }
            }
            check("scale", { left[$0] * 0.3 }) { kernels.scale_f32($0, 0.3, $1, $2) }
            check("add scaled", { Float(7).addingProduct(0.3, left[$0]) }) { kernels.add_scaled_f32($0, 0.3, $1, $2) }
            check("fill", { _ in 2.5 }) { kernels.fill_f32(2.5, $1, $2) }
        }
    }

    @Test(arguments: KernelLevel.all) func signOfZeroIsKept(_ level: KernelLevel) {
        let kernels = level.table.pointee
        let (filled, _) = Self.apply([1, 2, 3], offset: 0) { kernels.fill_f32(-0.0, $1, $2) }
        let (scaled, _) = Self.apply([1, 2, 3], offset: 0) { kernels.scale_f32($0, -0.0, $1, $2) }
        #expect((filled + scaled).allSatisfy { $0 == 0 && $0.sign == .minus })
    }

    @Test(arguments: KernelLevel.all) func storageFormats(_ level: KernelLevel) {
        let kernels = level.table.pointee
        // Every half-precision number there is, at once.
        let halves = (0..<65536).map { UInt16($0) }
        var widened = [Float](repeating: 0, count: halves.count)
        kernels.widen_f16(halves, &widened, halves.count)
        for (bits, value) in zip(halves, widened) {
            let exact = Float(Float16(bitPattern: bits))
            #expect(value == exact || value.isNaN && exact.isNaN, "\(bits)")
        }
        var narrowed = [UInt16](repeating: 0, count: halves.count)
        kernels.narrow_f16(widened, &narrowed, halves.count)
        for (bits, back) in zip(halves, narrowed) {
            let wasNaN = Float16(bitPattern: bits).isNaN
            #expect(back == bits || wasNaN && Float16(bitPattern: back).isNaN)
        }
        kernels.widen_bf16(halves, &widened, halves.count)
        for (bits, value) in zip(halves, widened) {
            #expect(value.bitPattern == UInt32(bits) << 16 || value.isNaN)
        }
        for size in kernelSizes {
            var numbers = NumberStream(size + 1)
            let values = numbers.array(size, scale: 70000)
            kernels.narrow_f16(values, &narrowed, size)
            for (value, bits) in zip(values, narrowed) { #expect(bits == Float16(value).bitPattern, "\(value)") }
            kernels.narrow_bf16(values, &narrowed, size)
            for (value, bits) in zip(values, narrowed) {
                let pattern = value.bitPattern
                #expect(UInt32(bits) == (pattern + 0x7FFF + (pattern >> 16 & 1)) >> 16, "\(value)")
            }
        }
    }

    @Test(arguments: KernelLevel.all) func gates(_ level: KernelLevel) {
        let kernels = level.table.pointee
        func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
        func gelu(_ x: Double) -> Double {
            x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        }
        func slope(_ f: (Double) -> Double, _ x: Double) -> Double { (f(x + 1e-5) - f(x - 1e-5)) / 2e-5 }
        for size in kernelSizes where size > 0 {
            var numbers = NumberStream(size)
            let (gate, up, gradient) = (numbers.array(size, scale: 4), numbers.array(size), numbers.array(size))
            for (name, function, forward, backward) in [
                ("silu", silu, kernels.silu_gate_f32, kernels.silu_gate_backward_f32),
                ("gelu", gelu, kernels.gelu_gate_f32, kernels.gelu_gate_backward_f32),
            ] {
                var result = [Float](repeating: 0, count: size)
                forward(gate, up, &result, size)
                var (gateGradient, upGradient) = (result, result)
                backward(gate, up, gradient, &gateGradient, &upGradient, size)
                for index in 0..<size {
                    let (g, u, d) = (Double(gate[index]), Double(up[index]), Double(gradient[index]))
                    let exact = (function(g) * u, d * u * slope(function, g), d * function(g))
                    #expect(abs(Double(result[index]) - exact.0) <= 2e-6 * max(1, abs(exact.0)), "\(name)")
                    #expect(abs(Double(gateGradient[index]) - exact.1) <= 1e-5 * max(1, abs(exact.1)), "\(name)")
                    #expect(abs(Double(upGradient[index]) - exact.2) <= 2e-6 * max(1, abs(exact.2)), "\(name)")
                }
            }
        }
    }
}
