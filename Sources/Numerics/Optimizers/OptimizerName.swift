/// The values of `optim` that this program carries out; all of them mean AdamW in float32.
package enum OptimizerName: String, CaseIterable, Sendable {
    case adamWTorch = "adamw_torch"
    case adamWTorchFused = "adamw_torch_fused"
    case adamWLegacy = "adamw_hf"

    /// - Throws: `OptimizerError.unavailable`, naming what there is.
    package init(named name: String) throws {
        guard let known = Self(rawValue: name) else {
            throw OptimizerError.unavailable(
                kind: "optimizer", name: name, available: Self.allCases.map(\.rawValue))
        }
        self = known
    }
}
