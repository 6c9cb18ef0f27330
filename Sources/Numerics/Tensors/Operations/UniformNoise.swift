extension Tape {
    /// Adds uniform noise in `-bound ..< bound`, in training only.
    ///
    /// The noise is a function of the tape's randomness and `site`: computing it again gives the same one.
    package func addUniformNoise(_ x: Variable, within bound: Float, site: UInt64) throws -> Variable {
        guard bound.isFinite, bound >= 0 else {
            throw TensorError.invalidArgument(
                operation: "addUniformNoise", name: "bound", value: "\(bound)", expected: "0 or more")
        }
        guard let randomness, isRecording, bound > 0 else { return x }
        let noise = Tensor.uniform(
            x.shape, from: -bound, to: bound, generator: randomness.generator(site: site))
        return try add(x, constant(noise))
    }
}
