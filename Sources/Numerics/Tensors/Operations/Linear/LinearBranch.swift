/// What may stand beside a linear layer and change what it computes: LoRA and its kin; one file per kind.
///
/// A branch is not part of the layer, so that one base in memory serves any number of them.
package protocol LinearBranch: Sendable {
    /// Named in errors.
    var name: String { get }
    var inputs: Int { get }
    var outputs: Int { get }
    /// What can be trained of it, in the order of its files.
    var parameters: [Parameter] { get }

    /// What the layer gives with this branch: `(rows, inputs)` to `(rows, outputs)`.
    ///
    /// - Parameter layer: the layer without a branch, of sizes that have been checked
    func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable

    /// The layer's weight with this branch inside it: the same function without a branch, dropout aside.
    ///
    /// - Parameter weight: `(outputs, inputs)`
    func folded(into weight: Tensor) throws -> Tensor
}

extension LinearBranch {
    package var isTrainable: Bool { parameters.contains(where: \.isTrainable) }
}
