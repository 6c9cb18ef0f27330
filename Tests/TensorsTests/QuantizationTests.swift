import Tensors
import Testing

/// Quantized weights against numbers computed by the reference libraries.
struct QuantizationTests {
    private func weight(_ rows: Int, _ columns: Int, _ number: (Int, Int) -> Float) throws -> Weight {
        let numbers = (0..<rows * columns).map { number($0 / columns, $0 % columns) }
        return Weight(name: "w", tensor: try Tensor(numbers, shape: [rows, columns]))
    }

    private func widened(_ quantizer: some WeightQuantizer, _ weight: Weight) throws -> [Float] {
        let storage = try quantizer.quantized(weight, file: "f")
        return Weight(name: "w", storage: storage).widened().array
    }

    private func expectClose(_ found: some Sequence<Float>, _ expected: [Float], relative: Float = 1e-6) {
        for (left, right) in zip(found, expected) { #expect(abs(left - right) <= relative * max(abs(right), 1e-3)) }
    }

    @Test func fourBits() throws {
        let x = try weight(1, 64) { _, i in (Float((37 * i) % 64) - 31.5) / 16 }
        let nf4 = try widened(FourBitQuantizer(.nf4, quantizesScales: false), x)
        expectClose(
            nf4, [-1.96875, 0.316831321, -1.37062955, 0.867647469, -0.777493834, 1.42332125, -0.179254755, -1.96875])
        let numbers = x.widened().array
        func squares(_ found: [Float]) -> Float { zip(found, numbers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        #expect(abs(squares(nf4) - 0.711807966) < 1e-5)
        let fp4 = try widened(FourBitQuantizer(.fp4, quantizesScales: false), x)
        expectClose(fp4, [-1.96875, 0.328125, -1.3125, 0.984375, -0.65625, 1.3125, -0.0102539062, -1.96875])
        #expect(abs(squares(fp4) - 1.05037451) < 1e-5)
    }

    @Test func doubleQuantization() throws {
        let w = try weight(8, 64) { r, k in (Float((97 * r + 31 * k) % 257) - 128) / 128 * Float(1 + r) }
        let found = try widened(FourBitQuantizer(.nf4, quantizesScales: true), w)
        expectClose(found, [-0.981791735, -0.683516324, -0.515512407, -0.279262185, 0, 0.241631031])
        expectClose(found[(7 * 64)...], [1.96889842, 4.50093603, 5.78365469, -8, -5.56954241, -4.20058441])
    }

    /// Rows that are no multiples of a block share blocks with their neighbours, and the last block is short.
    @Test func blocksRunThroughRows() throws {
        let w = try weight(29, 36) { r, k in Float((97 * r + 31 * k) % 257) / 128 - 1 }
        for quantizer in [
            FourBitQuantizer(.nf4, quantizesScales: false), FourBitQuantizer(.fp4, quantizesScales: true),
        ] {
            let storage = try quantizer.quantized(w, file: "f")
            let whole = Weight(name: "w", storage: storage).widened().array
            for (rows, columns) in [(3..<7, 5..<36), (28..<29, 0..<35), (0..<29, 17..<18)] {
                var panel = [Float](repeating: 0, count: rows.count * columns.count)
                panel.withUnsafeMutableBufferPointer { buffer in
                    if let base = buffer.baseAddress { storage.widen(rows: rows, columns: columns, into: base) }
                }
                #expect(panel == rows.flatMap { row in columns.map { whole[row * 36 + $0] } })
            }
        }
    }

    /// Products of few and of many rows, and their gradients, against those of the widened weight.
    @Test(arguments: [1, 3, 7, 70])
    func productsAgreeWithWidenedWeights(rows: Int) throws {
        for inputs in [128, 72] {
            let w = try weight(33, inputs) { r, k in Float((97 * r + 31 * k) % 257) / 128 - 1 }
            let quantizers: [any WeightQuantizer] = [
                FourBitQuantizer(.nf4, quantizesScales: true), FourBitQuantizer(.fp4, quantizesScales: false),
                OutlierQuantizer(), EETQQuantizer(), HQQQuantizer(bits: 3, groupSize: 8),
                HQQQuantizer(bits: 4, groupSize: 8),
            ]
            for quantizer in quantizers {
                let packed = Weight(name: "w", storage: try quantizer.quantized(w, file: "f"))
                let plain = Weight(name: "w", tensor: packed.widened())
                func run(_ weight: Weight) throws -> (value: [Float], gradient: [Float]) {
                    let tape = Tape(recording: true)
                    let x = tape.leaf(noise([rows, inputs], "x"))
                    let y = try tape.linear(x, LinearProjection(weight: .frozen(weight)))
                    try tape.backward(from: y, gradient: noise([rows, 33], "g"))
                    return (y.value.array, try #require(tape.gradient(of: x)).array)
                }
                let (ours, expected) = (try run(packed), try run(plain))
                #expect(relativeError(ours.value, expected.value) < 1e-5)
                #expect(relativeError(ours.gradient, expected.gradient) < 1e-5)
            }
        }
    }

    @Test func signedBytesWithOutliers() throws {
        let w = try Weight(
            name: "w", tensor: Tensor([0.5, -1, 0.25, 2, 3, -0.1, 0.7, -0.3], shape: [2, 4]))
        let storage = try OutlierQuantizer().quantized(w, file: "f")
        let packed = Weight(name: "w", storage: storage)
        expectClose(packed.widened().array, [0.503937006, -1.00787401, 0.251968503, 2])
        let x = try Tensor([1, -2, 8, 0.5, 0.3, 0.2, -7, 0.9, 2, 1, 0.1, -1], shape: [3, 4])
        func product(recording: Bool) throws -> [Float] {
            let tape = Tape(recording: recording)
            return try tape.linear(tape.leaf(x), LinearProjection(weight: .frozen(packed))).value.array
        }
        // The reference's are in half precision.
        let inference: [Float] = [5.546875, 8.7265625, -0.013671875, -4.36328125, -1.99804688, 6.28515625]
        for (found, expected) in zip(try product(recording: false), inference) {
            #expect(abs(found - expected) < 2e-3 * max(1, abs(expected)))
        }
        let training: [Float] = [5.53515625, 8.703125, -0.0141830444, -4.35546875, -1.97460938, 6.28515625]
        for (found, expected) in zip(try product(recording: true), training) {
            #expect(abs(found - expected) < 2e-3 * max(1, abs(expected)))
        }
        let zeros = try widened(OutlierQuantizer(), try weight(2, 3) { r, _ in Float(r) })
        #expect(zeros == [0, 0, 0, 1, 1, 1])
    }

    @Test func eetq() throws {
        let w = try Weight(name: "w", tensor: Tensor([1, -0.5, 0.25, 0.99], shape: [1, 4]))
        #expect(try widened(EETQQuantizer(), w) == [127, -64, 32, 127].map { $0 * 0.0078125 })
    }

    @Test func halfQuadratic() throws {
        var numbers = (0..<128).map { index -> Float in
            let (r, c) = (index / 16, index % 16)
            return (Float((7 * r * r + 3 * c * c + 5 * r * c + 2) % 31) - 15) / 16
        }
        numbers[0] = 3
        numbers[3 * 16 + 5] = -2.5
        let w = Weight(name: "w", tensor: try Tensor(numbers, shape: [8, 16]))
        let rounded = try widened(HQQQuantizer(bits: 4, groupSize: 8), w)
        expectClose(rounded, [2.953125, -0.601041675, -0.0984375, 0.90625], relative: 1e-5)
        let error = zip(rounded, numbers).reduce(Float(0)) { $0 + abs($1.0 - $1.1) } / 128
        #expect(abs(error - 0.0248046927) < 1e-6)
        let free = try widened(HQQQuantizer(bits: 4, groupSize: 8, roundsZero: false), w)
        expectClose(free, [2.953125, -0.634375036, -0.0484375, 0.84375], relative: 1e-5)
    }

    /// More bits are nearer, whatever words they are packed in.
    @Test func halfQuadraticOfEveryWidth() throws {
        let w = try weight(16, 48) { r, k in Float((97 * r + 31 * k) % 257) / 128 - 1 }
        let numbers = w.widened().array
        let errors = try HQQQuantizer.bits.map { bits in
            zip(try widened(HQQQuantizer(bits: bits), w), numbers).reduce(Float(0)) { $0 + abs($1.0 - $1.1) } / 768
        }
        for (fewer, more) in zip(errors, errors.dropFirst()) { #expect(more < fewer * 0.75) }
        #expect(errors[6] < 0.005)
        let error = #expect(throws: QuantizationError.self) {
            try HQQQuantizer(bits: 4).quantized(try weight(3, 5) { _, _ in 1 }, file: "f")
        }
        #expect(error == .unevenGroups(name: "w", count: 15, group: 64, file: "f"))
    }

    @Test func numbersThatAreNoneAreTold() throws {
        let quantizers: [any WeightQuantizer] = [
            FourBitQuantizer(.nf4, quantizesScales: true), FourBitQuantizer(.fp4, quantizesScales: false),
            OutlierQuantizer(), EETQQuantizer(), HQQQuantizer(bits: 4, groupSize: 8),
        ]
        for quantizer in quantizers {
            for number in [Float.nan, .infinity] {
                let w = try weight(4, 64) { r, k in r == 2 && k == 5 ? number : 0.5 }
                let error = #expect(throws: NotFiniteTensor.self) { try quantizer.quantized(w, file: "f") }
                #expect(error?.position == 2 * 64 + 5 && error?.file == "f")
            }
        }
        let large = try weight(2, 8) { r, k in r == 1 && k == 3 ? -1e5 : 1 }
        let error = #expect(throws: QuantizationError.self) { try OutlierQuantizer().quantized(large, file: "f") }
        #expect(error == .beyondHalfPrecision(name: "w", value: -1e5, file: "f"))
    }

    /// What a plan counts is what is held.
    @Test func sizes() throws {
        let w = try weight(64, 256) { _, _ in 1 }
        #expect(try FourBitQuantizer(.nf4, quantizesScales: false).quantized(w, file: "f").byteCount == 8192 + 1024)
        #expect(try FourBitQuantizer(.nf4, quantizesScales: true).quantized(w, file: "f").byteCount == 8192 + 256 + 4)
        #expect(try OutlierQuantizer().quantized(w, file: "f").byteCount == 16384 + 256)
        #expect(try HQQQuantizer(bits: 4).quantized(w, file: "f").byteCount == 8192 + 2048)
        #expect(try HQQQuantizer(bits: 3).quantized(w, file: "f").byteCount == 7 * 4 * 256 + 2048)
    }
}
