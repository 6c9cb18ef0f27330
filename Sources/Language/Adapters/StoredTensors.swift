package import Tensors

/// A tensor of an adapter's file: what is written of the adapter, and how it is taken back.
package struct StoredTensor {
    package let name: String
    package let shape: [Int]
    package let value: () -> Tensor
    /// Gets numbers of that shape.
    package let restore: (Tensor) -> Void

    init(_ parameter: Parameter) {
        name = parameter.name
        shape = parameter.shape
        value = { parameter.value }
        restore = { parameter.value = $0 }
    }

    private init(
        _ name: String, shape: [Int], value: @escaping () -> Tensor, restore: @escaping (Tensor) -> Void
    ) {
        self.name = name
        self.shape = shape
        self.value = value
        self.restore = restore
    }

    /// The two matrices of a pair together with its start, which becomes a part of them.
    static func whole(_ branch: PiSSABranch) -> [StoredTensor] {
        let pair = branch.pair
        return [
            StoredTensor(
                pair.a.name, shape: [2 * pair.rank, pair.inputs], value: { branch.whole.a },
                restore: { branch.restore(a: $0) }),
            StoredTensor(
                pair.b.name, shape: [pair.outputs, 2 * pair.rank], value: { branch.whole.b },
                restore: { branch.restore(b: $0) }),
        ]
    }
}

extension Adapter {
    /// What `adapter_model.safetensors` holds, in the order of the model.
    package var storedTensors: [StoredTensor] {
        let branches = modules.flatMap { module in
            (module.branch as? PiSSABranch).map { StoredTensor.whole($0) }
                ?? module.branch.parameters.map { StoredTensor($0) }
        }
        return (embedding?.parameters ?? []).map { StoredTensor($0) } + branches
            + savedModules.parameters.map { StoredTensor($0) }
    }
}
