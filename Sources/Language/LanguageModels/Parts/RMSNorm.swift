import Tensors

/// Root-mean-square norm (Zhang and Sennrich, arXiv 1910.07467) with its place in the model.
struct RMSNorm: Sendable {
    let weight: Vector  // (width)
    let epsilon: Float
    /// Added to every weight: 1 where a file stores the distance from one.
    let weightOffset: Float

    /// - Parameter x: rows of any multiple of `width`, each piece of `width` numbers normalised alone
    func callAsFunction(_ x: Variable, on tape: Tape) throws -> Variable {
        try tape.rmsNorm(x, weight: weight, epsilon: epsilon, weightOffset: weightOffset)
    }
}
