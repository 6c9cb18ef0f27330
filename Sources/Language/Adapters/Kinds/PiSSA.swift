package import Tensors
package import WeightFiles

/// How a fresh LoRA adapter begins.
package enum LoRAStart: Sendable, Equatable {
    /// A random and B zero: the layer stays what it was.
    case unchanged
    /// A and B are what the layer's weight does most, which is taken from the weight at the same time (PiSSA, Meng et
    /// al., arXiv 2404.02948): the layer stays what it was, and its main directions are trained.
    case principalDirections(PrincipalDirections.Method)

    /// - Parameter rounds: of the approximate decomposition; -1 for the exact one
    package static func pissa(rounds: Int) -> LoRAStart {
        .principalDirections(rounds < 0 ? .exact : .iterations(rounds))
    }

    /// - Parameter name: as in `init_lora_weights`: `pissa`, or `pissa_niter_16` with a number of rounds
    init?(name: String) {
        let prefix = "pissa_niter_"
        if name == "pissa" {
            self = .pissa(rounds: -1)
        } else if name.hasPrefix(prefix), let rounds = Int(name.dropFirst(prefix.count)), (0...1000).contains(rounds) {
            self = .pissa(rounds: rounds)
        } else {
            return nil
        }
    }

    /// What the pair begins as; nil for a pair that begins as ever.
    func pair(for layer: AdaptedLayer, rank: Int, scaling: Float) throws -> LowRankPair? {
        guard case .principalDirections(let method) = self else { return nil }
        return try PrincipalDirections(
            of: layer.weight(), count: rank, method: method, seed: layer.seed, name: layer.path
        ).pair(scaling: scaling)
    }
}

extension LoRA {
    /// An adapter with a start of its own is written as an ordinary one of twice the rank, what it is now less what it
    /// was: with the base as it lies on disk it computes the same, and both pairs can be taken from it again.
    package var written: LoRA {
        guard start != .unchanged else { return self }
        var plain = self
        plain.start = .unchanged
        plain.rank *= 2
        plain.alpha *= usesRankStabilization ? 2.0.squareRoot() : 2
        plain.rankPattern = rankPattern.map { ($0.pattern, 2 * $0.value) }
        plain.alphaPattern = alphaPattern.map {
            ($0.pattern, $0.value * (usesRankStabilization ? 2.0.squareRoot() : 2))
        }
        return plain
    }
}

extension LoRA {
    package func notes(on modules: [Adapter.Module]) -> [String] {
        guard start != .unchanged else { return [] }
        return [
            "the adapter starts from what the weights do most (PiSSA); it is saved as an ordinary one of rank \(2 * rank) "
                + "for the untouched base"
        ]
    }
}

/// The folders that `pissa_convert` leaves inside the output, under the reference's names.
package enum PiSSAFolder: String, CaseIterable, Sendable {
    /// The pair that training began with.
    case start = "pissa_init"
    /// The pair that training ended with.
    case trained = "pissa_backup"
    /// The ordinary adapter made of both.
    case converted = "pissa_converted"

    /// What it is good for.
    package var purpose: String {
        switch self {
        case .start: "the pair that training began with; only together with \(Self.trained.rawValue)"
        case .trained:
            "the trained pair, for a base without \(Self.start.rawValue) in its weights; not for use by itself"
        case .converted: "an ordinary adapter for the untouched base, the same as the output folder's own"
        }
    }
}

extension Adapter {
    /// Whether its start was taken from the base, so that its files hold both.
    package var hasStart: Bool { modules.contains { $0.branch is PiSSABranch } }

    /// Writes one of the adapters that `pissa_convert` leaves.
    package func save(_ folder: PiSSAFolder, into output: some CheckpointOutput) throws {
        guard folder != .converted else { return try save(into: output) }
        var tensors: [TensorToWrite] = []
        for branch in modules.compactMap({ $0.branch as? PiSSABranch }) {
            let pair = branch.pair
            let values = folder == .start ? branch.start : LowRankPair(a: pair.a.value, b: pair.b.value)
            tensors.append(TensorToWrite(name: pair.a.name, tensor: values.a))
            tensors.append(TensorToWrite(name: pair.b.name, tensor: values.b))
        }
        tensors += savedModules.parameters.map { TensorToWrite(name: $0.name, tensor: $0.value) }
        try Self.write(configuration, tensors, into: output)
    }
}
