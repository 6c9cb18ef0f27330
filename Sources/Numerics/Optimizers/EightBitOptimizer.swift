internal import Tensors

/// Another optimizer whose state is kept in codes of 8 bits, a scale to 256 of them (Dettmers et al., 2022).
///
/// Small tensors keep float32, as bitsandbytes does. A block is decoded, updated and coded again at a time.
package struct EightBitOptimizer<Whole: ElementwiseOptimizer>: Optimizer {
    private let whole: Whole

    /// Parameters of fewer elements keep their state in float32.
    private static var leastCount: Int { 4096 }
    /// Elements decoded at a time: they stay in the first cache.
    private static var stretch: Int { 8 * DynamicCodes.blockSize }

    package init(_ whole: Whole) { self.whole = whole }

    private static func scales(_ name: String) -> String { name + "_absmax" }

    package func state(name: String, shape: [Int]) -> [StateTensor] {
        let count = shape.reduce(1, *)
        guard count >= Self.leastCount else { return whole.state(name: name, shape: shape) }
        let blocks = (count + DynamicCodes.blockSize - 1) / DynamicCodes.blockSize
        return whole.stateNames.flatMap {
            [StateTensor($0, shape, of: .byte), StateTensor(Self.scales($0), [blocks])]
        }
    }

    package func apply(_ update: ParameterUpdate) throws {
        guard update.value.count >= Self.leastCount else { return try whole.apply(update) }
        let coded = whole.stateNames.map { name in
            CodedState(
                table: whole.nonNegativeStates.contains(name) ? .unsigned : .signed,
                codes: update.state.bytes(name), scales: update.state.floats(Self.scales(name)))
        }
        update.forEachBlock([]) { block in
            var numbers = [Float](repeating: 0, count: coded.count * Self.stretch)
            numbers.withUnsafeMutableBufferPointer { numbers in
                guard let numbers = numbers.baseAddress else { return }
                let state = coded.indices.map { numbers + $0 * Self.stretch }
                for start in stride(from: 0, to: block.count, by: Self.stretch) {
                    let count = min(Self.stretch, block.count - start)
                    for (coded, numbers) in zip(coded, state) {
                        coded.decode(from: block.start + start, count, into: numbers)
                    }
                    whole.apply(
                        update,
                        to: ElementBlock(
                            start: block.start + start, value: block.value + start, gradient: block.gradient + start,
                            state: state, count: count))
                    for (coded, numbers) in zip(coded, state) {
                        coded.encode(numbers, count, at: block.start + start)
                    }
                }
            }
        }
    }
}

/// One tensor of a state in codes.
private struct CodedState {
    let table: DynamicCodes
    let codes: ByteTensor
    let scales: Tensor

    func decode(from start: Int, _ count: Int, into numbers: UnsafeMutablePointer<Float>) {
        withMemory(at: start) { codes, scales in table.decode(codes, count, scales: scales, into: numbers) }
    }

    func encode(_ numbers: UnsafePointer<Float>, _ count: Int, at start: Int) {
        withMemory(at: start) { codes, scales in table.encode(numbers, count, into: codes, scales: scales) }
    }

    private func withMemory(
        at start: Int, _ body: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Float>) -> Void
    ) {
        codes.withUnsafeMutableBufferPointer { codes in
            scales.withUnsafeMutableBufferPointer { scales in
                guard let codes = codes.baseAddress, let scales = scales.baseAddress else { return }
                body(codes + start, scales + start / DynamicCodes.blockSize)
            }
        }
    }
}
