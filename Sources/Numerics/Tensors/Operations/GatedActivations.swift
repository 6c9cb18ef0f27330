import CKernels

/// The activation of a gated feed-forward block.
package enum GateActivation: Sendable {
    /// x * sigmoid(x)
    case silu
    /// GELU with the tanh approximation.
    case gelu

    func gated(_ gate: Tensor, _ up: Tensor) -> Tensor {
        let result = Tensor(uninitialized: gate.shape)
        let (a, b, c) = (gate.pointer, up.pointer, result.pointer)
        ComputePool.shared.forEachBlock(result.count, atMost: Elementwise.block) { range in
            let start = range.lowerBound
            switch self {
            case .silu: kernel_silu_gate_f32(a + start, b + start, c + start, range.count)
            case .gelu: kernel_gelu_gate_f32(a + start, b + start, c + start, range.count)
            }
        }
        return result
    }
}

extension Tape {
    /// `silu(gate) * up`, equal shapes.
    package func siluGate(_ gate: Variable, _ up: Variable) throws -> Variable { try gated(gate, up, .silu) }

    /// `gelu(gate) * up` with the tanh approximation, equal shapes.
    package func geluGate(_ gate: Variable, _ up: Variable) throws -> Variable { try gated(gate, up, .gelu) }

    package func gated(_ gate: Variable, _ up: Variable, _ activation: GateActivation) throws -> Variable {
        guard gate.shape == up.shape else {
            throw TensorError.shapeMismatch(operation: "gated activation", expected: gate.shape, actual: up.shape)
        }
        let (gateValue, upValue, gateSlot, upSlot) = (gate.value, up.value, gate.slot, up.slot)
        let result = activation.gated(gateValue, upValue)
        let recipe = SavedValue.Recipe { activation.gated(gateValue, upValue) }
        return record(result, needed: gate.needsGradient || up.needsGradient, recipe: recipe) { tape, gradient in
            let gateGradient = Tensor(uninitialized: gateValue.shape)
            let upGradient = isKnownUniquelyReferenced(&gradient) ? gradient : Tensor(uninitialized: upValue.shape)
            let (a, b, g) = (gateValue.pointer, upValue.pointer, gradient.pointer)
            let (da, db) = (gateGradient.pointer, upGradient.pointer)
            ComputePool.shared.forEachBlock(gradient.count, atMost: Elementwise.block) { range in
                let at = range.lowerBound
                switch activation {
                case .silu: kernel_silu_gate_backward_f32(a + at, b + at, g + at, da + at, db + at, range.count)
                case .gelu: kernel_gelu_gate_backward_f32(a + at, b + at, g + at, da + at, db + at, range.count)
                }
            }
            tape.accumulate(gateGradient, into: gateSlot)
            tape.accumulate(upGradient, into: upSlot)
        }
    }
}
