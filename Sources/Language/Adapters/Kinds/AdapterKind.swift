package import JSONDocuments
package import Tensors

/// What an adapter puts beside the layers it is for; one file per kind.
package protocol AdapterKind: Sendable {
    /// The value of `peft_type` in `adapter_config.json`.
    static var name: String { get }

    /// What listings show as the adapter's size; 0 where it differs from layer to layer.
    var rank: Int { get }

    /// Reads the keys that only this kind has.
    ///
    /// - Throws: `AdapterError` for what would load but compute something else here
    init(reading file: AdapterConfigurationReader) throws

    /// The keys that only this kind has, with every value that PEFT 0.18.1 writes.
    var keys: [(key: String, value: JSONValue)] { get }

    /// What the files of a trained adapter say; the same unless its start is part of them.
    var written: Self { get }

    /// What people should know of how the kind's settings fit the layers.
    func notes(on modules: [Adapter.Module]) -> [String]

    func branch(beside layer: AdaptedLayer) throws -> any LinearBranch

    /// - Throws: `AdapterError.noEmbeddings` where the kind has no such thing
    func branch(besideEmbedding embedding: AdaptedLayer) throws -> LowRankEmbedding
}

extension AdapterKind {
    package var written: Self { self }

    package func notes(on modules: [Adapter.Module]) -> [String] { [] }

    package func branch(besideEmbedding embedding: AdaptedLayer) throws -> LowRankEmbedding {
        throw AdapterError.noEmbeddings(module: embedding.path, reason: "\(Self.name) is for linear layers")
    }
}

/// The kinds, by `peft_type`.
enum AdapterKinds {
    static let all: [any AdapterKind.Type] = [LoRA.self, OFT.self]

    static func named(_ name: String) -> (any AdapterKind.Type)? { all.first { $0.name == name } }
}

/// A layer that a branch is made for, and where the branch's numbers come from.
package struct AdaptedLayer {
    /// Gives a tensor by its name in the adapter's file, the shape it must have, and what it is before any training.
    typealias Source = (_ name: String, _ shape: [Int], _ fresh: () throws -> Tensor) throws -> Tensor

    package let path: String
    /// Of an embedding the vocabulary.
    package let inputs: Int
    package let outputs: Int
    let seed: UInt64
    let weight: () -> Matrix
    let source: Source

    /// - Parameters:
    ///   - part: what is behind the layer's path in the tensor's name
    ///   - fresh: gets the whole name
    func parameter(_ part: String, _ shape: [Int], fresh: (_ name: String) throws -> Tensor) throws -> Parameter {
        let name = Adapter.tensorName(path, part)
        return Parameter(name: name, value: try source(name, shape) { try fresh(name) })
    }
}
