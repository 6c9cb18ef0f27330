import CKernels

extension Tape {
    /// Root-mean-square norm over the last dimension: `x / sqrt(mean(x^2) + epsilon) * (weight + weightOffset)`.
    ///
    /// - Parameter weight: as many numbers as the last dimension of `x`; `x` may have any number of rows, so that
    ///   `(tokens, heads * headSize)` is normalised head by head when the weight has `headSize` numbers.
    package func rmsNorm(
        _ x: Variable, weight: Vector, epsilon: Float, weightOffset: Float = 0
    ) throws -> Variable {
        let width = weight.shape.reduce(1, *)
        guard width > 0, x.value.columns % width == 0 else {
            throw TensorError.shapeMismatch(operation: "rmsNorm", expected: [width], actual: x.shape)
        }
        let rows = x.value.count / width
        let factors = Tensor(uninitialized: [rows])
        let xValue = x.value
        let forward = {
            Normalization.forward(xValue, weight, factors, epsilon: epsilon, weightOffset: weightOffset)
        }
        let (slot, parameter) = (x.slot, weight.parameterToTrain)
        let needed = x.needsGradient || parameter != nil
        return record(
            forward(), needed: needed, parameters: parameter.map { [$0] } ?? [], recipe: SavedValue.Recipe(forward)
        ) { tape, gradient in
            if let parameter {
                Normalization.addWeightGradient(xValue, gradient, factors, to: parameter.gradientForAdding())
            }
            guard slot != nil else { return }
            let scales = weight.numbers
            let target = Tensor(uninitialized: xValue.shape)
            let (a, w, g) = (xValue.pointer, scales.pointer, gradient.pointer)
            let (f, d) = (factors.pointer, target.pointer)
            ComputePool.shared.forEachBlock(rows, atMost: Normalization.rowsPerTask(width)) { range in
                let at = range.lowerBound * width
                kernel_rms_norm_backward_f32(
                    a + at, w, g + at, f + range.lowerBound, d + at, range.count, width, weightOffset)
            }
            tape.accumulate(target, into: slot)
        }
    }
}

enum Normalization {
    static func rowsPerTask(_ width: Int) -> Int { max(1, Elementwise.block / width) }

    /// The norm of `x`, and each row's factor into `factors`.
    static func forward(
        _ x: Tensor, _ weight: Vector, _ factors: Tensor, epsilon: Float, weightOffset: Float
    ) -> Tensor {
        let scales = weight.numbers
        let width = scales.count
        let result = Tensor(uninitialized: x.shape)
        let (a, w, c, f) = (x.pointer, scales.pointer, result.pointer, factors.pointer)
        ComputePool.shared.forEachBlock(factors.count, atMost: rowsPerTask(width)) { range in
            let at = range.lowerBound * width
            kernel_rms_norm_f32(
                a + at, w, c + at, f + range.lowerBound, range.count, width, epsilon, weightOffset)
        }
        return result
    }

    /// `target[i] += sum over rows of gradient * x * r`; each task owns some columns and adds the rows in order.
    static func addWeightGradient(_ x: Tensor, _ gradient: Tensor, _ factors: Tensor, to target: Tensor) {
        let width = target.count
        let rows = x.count / width
        let (a, g, f, d) = (x.pointer, gradient.pointer, factors.pointer, target.pointer)
        ComputePool.shared.forEachBlock(width, atMost: 256) { columns in
            let start = columns.lowerBound
            kernel_rms_norm_weight_gradient_f32(a + start, g + start, f, d + start, rows, columns.count, width)
        }
    }
}
