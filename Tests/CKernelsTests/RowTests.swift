import CKernels
import Foundation
import Testing

/// Sums, softmax, norms, rotations, products and updates of every level against double precision.
struct RowTests {
    @Test(arguments: KernelLevel.all) func sums(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes {
            var numbers = NumberStream(size)
            let (left, right) = (numbers.array(size), numbers.array(size))
            let products = zip(left, right).map { Double($0) * Double($1) }
            let magnitude = products.reduce(1e-30) { $0 + abs($1) }
            #expect(abs(Double(kernels.dot_f32(left, right, size)) - products.reduce(0, +)) <= 1e-6 * magnitude)
            #expect(abs(kernels.sum_f32(left, size) - left.reduce(0) { $0 + Double($1) }) <= 1e-12 * Double(size + 1))
            let squares = left.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(abs(kernels.sum_of_squares_f32(left, size) - squares) <= 1e-12 * (squares + 1e-30))
            #expect(kernels.maximum_f32(left, size) == left.max() ?? -.infinity)
        }
        #expect(kernels.maximum_f32([.nan, 1, .nan, 3], 4) == 3)
    }

    @Test(arguments: KernelLevel.all) func softmaxAndCrossEntropy(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes where size > 0 {
            var numbers = NumberStream(size)
            let logits = numbers.array(size, scale: 30)
            let highest = Double(logits.max() ?? 0)
            let total = logits.reduce(0) { $0 + exp(Double($1) - highest) }
            let exact = logits.map { exp(Double($0) - highest) / total }
            let (found, isIntact) = ElementTests.apply(logits, offset: size % 3) { kernels.softmax_f32($0, $1, $2) }
            #expect(isIntact)
            for (value, expected) in zip(found, exact) {
                #expect(abs(Double(value) - expected) <= 1e-5 * expected + 1e-38)
            }
            #expect(abs(kernels.log_sum_exp_f32(logits, size) - (highest + log(total))) <= 1e-6 * (1 + abs(highest)))
            let label = size / 2
            let loss = highest + log(total) - Double(logits[label])
            #expect(abs(kernels.cross_entropy_f32(logits, size, label) - loss) <= 1e-6 * (1 + abs(highest)))
            var gradient = logits
            let same = kernels.cross_entropy_with_gradient_f32(&gradient, size, label, 0.5)
            #expect(abs(same - loss) <= 1e-6 * (1 + abs(highest)))
            for index in 0..<size {
                let expected = (exact[index] - (index == label ? 1 : 0)) * 0.5
                #expect(abs(Double(gradient[index]) - expected) <= 1e-6)
            }
        }
    }

    @Test(arguments: KernelLevel.all) func onlineSoftmaxInBlocksIsSoftmax(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes where size > 0 {
            var numbers = NumberStream(size)
            let scores = numbers.array(size, scale: 10)
            let visible = size - size / 3
            var (maximum, sum) = (-Float.infinity, Float(0))
            var weights: [Float] = []
            for start in stride(from: 0, to: size, by: 48) {
                var block = Array(scores[start..<min(size, start + 48)])
                let factor = kernels.online_softmax_f32(
                    &block, block.count, max(0, min(block.count, visible - start)), &maximum, &sum)
                weights = weights.map { $0 * factor } + block
            }
            let highest = Double(scores[..<visible].max() ?? 0)
            let total = scores[..<visible].reduce(0) { $0 + exp(Double($1) - highest) }
            for index in 0..<size {
                let expected = index < visible ? exp(Double(scores[index]) - highest) / total : 0
                #expect(abs(Double(weights[index] / sum) - expected) <= 3e-6, "size \(size)")
            }
        }
    }

    @Test(arguments: KernelLevel.all) func softCapAndItsGradient(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes where size > 0 {
            var numbers = NumberStream(size)
            let values = numbers.array(size, scale: 100)
            var capped = values
            kernels.soft_cap_f32(&capped, 30, size)
            var gradient = [Float](repeating: 1, count: size)
            kernels.soft_cap_backward_f32(capped, 30, &gradient, size)
            for index in 0..<size {
                let slope = tanh(Double(values[index]) / 30)
                #expect(abs(Double(capped[index]) - 30 * slope) <= 1e-5)
                #expect(abs(Double(gradient[index]) - (1 - slope * slope)) <= 1e-5)
            }
        }
    }

    @Test(arguments: KernelLevel.all) func normAndItsGradients(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for width in kernelSizes where width > 0 {
            let rows = 3
            var numbers = NumberStream(width)
            let (x, gradient) = (numbers.array(rows * width), numbers.array(rows * width))
            let weight = numbers.array(width)
            var y = [Float](repeating: 0, count: rows * width)
            var inverse = [Float](repeating: 0, count: rows)
            kernels.rms_norm_f32(x, weight, &y, &inverse, rows, width, 1e-5, 1)
            var xGradient = y
            kernels.rms_norm_backward_f32(x, weight, gradient, inverse, &xGradient, rows, width, 1)
            var weightGradient = [Float](repeating: 0.5, count: width)
            kernels.rms_norm_weight_gradient_f32(x, gradient, inverse, &weightGradient, rows, width, width)
            var exactWeightGradient = [Double](repeating: 0.5, count: width)
            for row in 0..<rows {
                let part = x[row * width..<(row + 1) * width].map(Double.init)
                let r = 1 / (part.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
                let pulled = (0..<width).map { Double(gradient[row * width + $0]) * (Double(weight[$0]) + 1) }
                let along = zip(pulled, part).reduce(0) { $0 + $1.0 * $1.1 }
                for column in 0..<width {
                    let place = row * width + column
                    #expect(abs(Double(y[place]) - part[column] * r * (Double(weight[column]) + 1)) <= 1e-5)
                    let exact = r * (pulled[column] - part[column] * r * r * along / Double(width))
                    #expect(abs(Double(xGradient[place]) - exact) <= 1e-5 * max(1, abs(exact) + r))
                    exactWeightGradient[column] += Double(gradient[place]) * part[column] * r
                }
            }
            for (found, exact) in zip(weightGradient, exactWeightGradient) {
                #expect(abs(Double(found) - exact) <= 1e-5)
            }
        }
    }

    @Test(arguments: KernelLevel.all) func rotationTurnsPairsAndBack(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for half in 1...40 {
            let (rows, heads, size) = (3, 2, 2 * half + 3)
            var numbers = NumberStream(half)
            let values = numbers.array(rows * heads * size)
            let angles = numbers.array(8 * half, scale: 3)
            let (cosines, sines) = (angles.map { Float(cos(Double($0))) }, angles.map { Float(sin(Double($0))) })
            let positions: [Int32] = [5, 0, 7]
            var turned = values
            kernels.rotate_f32(&turned, cosines, sines, positions, rows, heads, size, half, 1)
            for row in 0..<rows {
                for head in 0..<heads {
                    let start = (row * heads + head) * size
                    for pair in 0..<half {
                        let (c, s) = (
                            Double(cosines[Int(positions[row]) * half + pair]),
                            Double(sines[Int(positions[row]) * half + pair])
                        )
                        let (a, b) = (Double(values[start + pair]), Double(values[start + pair + half]))
                        #expect(abs(Double(turned[start + pair]) - (a * c - b * s)) <= 1e-6)
                        #expect(abs(Double(turned[start + pair + half]) - (b * c + a * s)) <= 1e-6)
                    }
                    #expect(turned[start + 2 * half..<start + size] == values[start + 2 * half..<start + size])
                }
            }
            kernels.rotate_f32(&turned, cosines, sines, positions, rows, heads, size, half, -1)
            for (found, value) in zip(turned, values) { #expect(abs(found - value) <= 2e-6) }
        }
    }

    @Test(arguments: KernelLevel.all) func fewRowProducts(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for columns in kernelSizes where columns > 0 {
            for vectorCount in [1, 2, 3, 5] {
                let rows = 1 + columns % 7
                var numbers = NumberStream(columns)
                let matrix = numbers.array(rows * columns)
                let vectors = numbers.array(vectorCount * columns)
                let halves = matrix.map { Float16($0).bitPattern }
                let brains = matrix.map { UInt16($0.bitPattern >> 16) }
                let stride = rows + 2
                for (format, stored, body) in [
                    (
                        "f32", matrix,
                        { kernels.matrix_vectors_f32(matrix, rows, columns, vectors, vectorCount, $0, stride) }
                    ),
                    (
                        "f16", halves.map { Float(Float16(bitPattern: $0)) },
                        { kernels.matrix_vectors_f16(halves, rows, columns, vectors, vectorCount, $0, stride) }
                    ),
                    (
                        "bf16", brains.map { Float(bitPattern: UInt32($0) << 16) },
                        { kernels.matrix_vectors_bf16(brains, rows, columns, vectors, vectorCount, $0, stride) }
                    ),
                ] as [(String, [Float], (UnsafeMutablePointer<Float>) -> Void)] {
                    var result = [Float](repeating: -1, count: vectorCount * stride)
                    result.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { body(base) } }
                    for vector in 0..<vectorCount {
                        for row in 0..<rows {
                            let exact = (0..<columns).reduce(0.0) {
                                $0 + Double(stored[row * columns + $1]) * Double(vectors[vector * columns + $1])
                            }
                            let found = Double(result[vector * stride + row])
                            #expect(abs(found - exact) <= 2e-6 * (1 + Double(columns).squareRoot()), "\(format)")
                        }
                        #expect(result[vector * stride + rows..<(vector + 1) * stride].allSatisfy { $0 == -1 })
                    }
                }
            }
        }
    }

    @Test(arguments: KernelLevel.all) func theStepOfAdamW(_ level: KernelLevel) {
        let kernels = level.table.pointee
        for size in kernelSizes {
            var numbers = NumberStream(size)
            let (start, gradient) = (numbers.array(size), numbers.array(size))
            let (first, second) = (numbers.array(size), numbers.array(size).map(abs))
            var (p, m, v) = (start, first, second)
            var settings = kernel_adamw_step(
                learning_rate: 0.01, weight_decay: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: 3)
            kernels.adamw_f32(&p, gradient, &m, &v, size, 0.5, &settings)
            for index in 0..<size {
                let g = Double(gradient[index]) * 0.5
                let mean = 0.9 * Double(first[index]) + 0.1 * g
                let square = 0.99 * Double(second[index]) + 0.01 * g * g
                let step = mean / (1 - pow(0.9, 3)) / ((square / (1 - pow(0.99, 3))).squareRoot() + 1e-8)
                let exact = Double(start[index]) * (1 - 0.01 * 0.1) - 0.01 * step
                #expect(abs(Double(p[index]) - exact) <= 2e-6 * max(1, abs(exact)))
                #expect(abs(Double(m[index]) - mean) <= 1e-6 && abs(Double(v[index]) - square) <= 1e-6)
            }
        }
    }
}
