import Tensors
import WeightFiles

/// The tensors of a GGUF file where they lie on disk, under their names in a checkpoint.
final class GGUFTensors: TensorSource {
    private let file: GGUFFile
    private let architecture: GGUFArchitecture
    private let configuration: ModelConfiguration
    private let quantizer: (any WeightQuantizer)?
    private var used: Set<String> = []

    /// What llama.cpp needs and the configuration says.
    private static let ignored: Set = ["rope_freqs.weight"]

    init(_ file: GGUFFile, _ configuration: ModelConfiguration, quantizer: (any WeightQuantizer)?) throws {
        self.file = file
        self.configuration = configuration
        self.quantizer = quantizer
        architecture = try GGUFConfiguration.architecture(of: file)
    }

    func tensor(_ tensor: TensorPlace) throws -> Matrix {
        let matrix = try stored(tensor)
        guard let quantizer, tensor.role == .linear, tensor.name != TiedHead.head, case .frozen(let weight) = matrix
        else { return matrix }
        return .frozen(Weight(name: tensor.name, storage: try quantizer.quantized(weight, file: file.path)))
    }

    private func stored(_ tensor: TensorPlace) throws -> Matrix {
        guard let place = architecture.place(of: tensor.name) else {
            throw GGUFError(file.path, .missingTensor(name: tensor.name, shape: tensor.shape))
        }
        used.insert(place.name)
        if let order = architecture.originalRowOrder(place, configuration) {
            // Rows of a vector are its elements.
            let rows = tensor.shape.count == 1 ? tensor.shape + [1] : tensor.shape
            guard tensor.shape.count == 1 else {
                return .frozen(
                    try file.weight(place.name, as: tensor.name, shape: rows, takingRow: order))
            }
            let values = try file.weight(place.name, as: tensor.name, shape: tensor.shape).widened()
            let ordered = (0..<values.count).map { values[order($0)] }
            return .frozen(Weight(name: tensor.name, tensor: Tensor(ordered)))
        }
        let weight = try file.weight(place.name, as: tensor.name, shape: tensor.shape, part: place.expert)
        guard case .norm(let offset) = tensor.role, architecture.normOffset != 0, offset == architecture.normOffset
        else { return .frozen(weight) }
        let values = weight.widened()
        for index in 0..<values.count { values[index] -= offset }
        return .frozen(Weight(name: tensor.name, tensor: values))
    }

    /// - Throws: `GGUFError` for tensors that nobody asked for
    func requireAllUsed() throws {
        let extra = file.records.map(\.name).filter { !used.contains($0) && !Self.ignored.contains($0) }
        guard extra.isEmpty else { throw GGUFError(file.path, .unexpectedTensors(extra)) }
    }
}
