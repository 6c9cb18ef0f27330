package import LanguageModels
package import Tensors

/// A base with adapters merged into it one after another, tensor by tensor: each is made when it is asked for.
package struct AdapterChain: Sendable {
    /// The merged model's shape: a head that an adapter brings of its own is tied to the embedding no more.
    package let configuration: ModelConfiguration
    /// Names and shapes in the order of the merged model.
    package let places: [(name: String, shape: [Int])]
    private let base: [String: Matrix]
    private let headName: String
    private let embeddingName: String
    private let links: [Link]

    /// What one adapter does to tensors, by their names.
    private struct Link {
        var copies: [String: Parameter]
        var branches: [String: any LinearBranch]
        var embedding: LowRankEmbedding?
    }

    /// - Parameters:
    ///   - base: the model that the first adapter was trained on
    ///   - next: gives the next adapter for the model that those before it have led to; nil at the end
    package init(base: DecoderModel, next: (DecoderModel) throws -> Adapter?) throws {
        var (model, links) = (base, [Link]())
        while let adapter = try next(model) {
            links.append(
                Link(
                    copies: adapter.savedModules.copies,
                    branches: Dictionary(
                        uniqueKeysWithValues: adapter.modules.map { ("\($0.path).weight", $0.branch) }),
                    embedding: adapter.embedding))
            let parts = adapter.embedding != nil || adapter.modules.contains { $0.path == base.headPath }
            model = try adapter.model.replacingTensors(untyingHead: parts) { $1 }
        }
        configuration = model.configuration
        places = model.tensors.map { ($0.name, $0.value.shape) }
        headName = "\(base.headPath).weight"
        embeddingName = "\(base.embeddingPath).weight"
        self.base = Dictionary(uniqueKeysWithValues: base.tensors.map { ($0.name, $0.value) })
        self.links = links
    }

    /// Whether an adapter leaves the tensor as it is.
    package func isUntouched(_ name: String) -> Bool {
        base[name] != nil
            && links.allSatisfy {
                $0.copies[name] == nil && $0.branches[name] == nil && ($0.embedding == nil || name != embeddingName)
            }
    }

    /// The tensor as the base has it, or the embedding for a head that was tied to it.
    package func original(_ name: String) -> Matrix? {
        base[name] ?? (name == headName ? base[embeddingName] : nil)
    }

    /// A tensor with every adapter inside it.
    ///
    /// As in the reference, each adapter is added in float32 and the sum rounded to the format of the result.
    /// - Parameter format: of the result; the base is rounded to it before anything is added
    package func merged(_ name: String, storedAs format: WeightFormat) throws -> Tensor {
        guard let original = original(name) else {
            throw TensorError.shapeMismatch(operation: "merge \(name)", expected: [], actual: [])
        }
        var value: Tensor?
        for link in links {
            if let copy = link.copies[name] {
                value = rounded(copy.value, to: format)
            } else if let embedding = link.embedding, name == embeddingName {
                value = rounded(
                    try embedding.folded(into: value ?? rounded(original.widened(), to: format)), to: format)
            } else if let branch = link.branches[name] {
                value = rounded(try branch.folded(into: value ?? rounded(original.widened(), to: format)), to: format)
            }
        }
        return value ?? rounded(original.widened(), to: format)
    }

    private func rounded(_ numbers: Tensor, to format: WeightFormat) -> Tensor {
        format == .float32 ? numbers : Weight.rounded(numbers, to: format)
    }
}
