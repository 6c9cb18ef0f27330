import JSONDocuments
package import Tensors
import WeightFiles

/// How a checkpoint packs the weights of its linear layers; one file per method.
package protocol CheckpointQuantization: Sendable {
    /// The value of `quant_method` in config.json.
    static var method: String { get }

    /// - Parameter reader: of `quantization_config`
    init(_ reader: ConfigurationReader) throws

    /// The weight of a layer, put together from the tensors that the method stores it in.
    func storage(of layer: QuantizedLayer) throws -> any WeightStorage
}

/// The methods, by `quant_method`.
enum CheckpointQuantizations {
    static let all: [any CheckpointQuantization.Type] = [GPTQCheckpoint.self, AWQCheckpoint.self]

    /// What `quantization_config` says, nil when there is none.
    static func reading(_ reader: ConfigurationReader) throws -> (any CheckpointQuantization)? {
        guard let settings = try reader.nested("quantization_config") else { return nil }
        guard let method = try settings.text("quant_method") else {
            throw ModelConfigurationError.missing(key: "quant_method", file: reader.file)
        }
        guard let kind = all.first(where: { $0.method == method }) else {
            throw ModelConfigurationError.unsupported(
                key: "quant_method", value: method, supported: all.map { $0.method }, file: reader.file)
        }
        return try kind.init(settings)
    }
}

/// A linear layer of a checkpoint, whose weight lies there in several tensors.
package final class QuantizedLayer {
    /// `model.layers.0.mlp.up_proj`
    let path: String
    let outputs: Int
    let inputs: Int
    private let weights: CheckpointWeights
    /// Names of the tensors that were asked for.
    private(set) var used: Set<String> = []

    init(_ place: TensorPlace, in weights: CheckpointWeights) {
        path = place.name.split(separator: ".").dropLast().joined(separator: ".")
        outputs = place.shape.first ?? 0
        inputs = place.shape.last ?? 0
        self.weights = weights
    }

    /// - Throws: `WeightFileError` when the tensor is missing, or has another shape or type
    func tensor(_ name: String, _ type: ElementType, _ shape: [Int]) throws -> OwnedBytes {
        used.insert("\(path).\(name)")
        return try weights.bytes("\(path).\(name)", type: type, shape: shape)
    }

    /// A tensor that need not be there.
    func optionalTensor(_ name: String, _ type: ElementType, _ shape: [Int]) throws -> OwnedBytes? {
        weights.contains("\(path).\(name)") ? try tensor(name, type, shape) : nil
    }

    /// Whether the checkpoint has any of its packed tensors.
    var isPacked: Bool { ["qweight", "qzeros", "scales"].contains { weights.contains("\(path).\($0)") } }

    /// How many groups of `groupSize` inputs there are.
    func groupCount(_ groupSize: Int) -> Int { (inputs + groupSize - 1) / groupSize }
}

extension ConfigurationReader {
    /// Inputs that share a scale: `group_size`, where -1 stands for all of them.
    func groupSize() throws -> Int {
        if let value = object["group_size"], value.integer == -1 { return 1 << 30 }
        return try size("group_size")
    }
}
