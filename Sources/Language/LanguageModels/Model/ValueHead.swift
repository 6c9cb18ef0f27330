import JSONDocuments
import Glibc
package import Tensors
package import WeightFiles

/// One number for a position of hidden states: a reward model's score, or what PPO expects to come.
///
/// Dropout in training, then a linear layer to one output; the base's output head is not used.
package final class ValueHead: Sendable {
    package static let fileName = "value_head.safetensors"
    /// What older programs wrote.
    private static let legacyName = "value_head.bin"

    /// `(1, hidden)`
    package let weight: Parameter
    /// `(1)`
    package let bias: Parameter
    /// Probability that a hidden number is zeroed in training.
    let dropout: Float

    private enum TensorName {
        static let weight = "v_head.summary.weight"
        static let bias = "v_head.summary.bias"
    }

    /// - Parameter tensor: gives a tensor by its name and the shape it must have
    private init(
        _ configuration: ModelConfiguration, _ tensor: (_ name: String, _ shape: [Int]) throws -> Tensor
    ) throws {
        let probability = configuration.source["summary_dropout_prob"] ?? .null
        guard let number = probability.isNull ? 0.1 : probability.double, number >= 0, number < 1 else {
            throw ModelConfigurationError.wrongValue(
                key: "summary_dropout_prob", expected: "a number from 0 up to, not including, 1",
                found: probability.serialized(), file: "config.json")
        }
        dropout = Float(number)
        weight = Parameter(
            name: TensorName.weight, value: try tensor(TensorName.weight, [1, configuration.hiddenSize]))
        bias = Parameter(name: TensorName.bias, value: try tensor(TensorName.bias, [1]))
    }

    /// What it learns, in a fixed order.
    package var parameters: [Parameter] { [weight, bias] }

    /// A head that was not trained: uniform in one over the root of the hidden size.
    package static func fresh(_ configuration: ModelConfiguration, seed: UInt64) throws -> ValueHead {
        let bound = 1 / Float(configuration.hiddenSize).squareRoot()
        return try ValueHead(configuration) { name, shape in
            Tensor.uniform(shape, from: -bound, to: bound, seed: seed, name: name)
        }
    }

    /// Reads the head of a model's or an adapter's directory.
    ///
    /// - Returns: nil if it has none
    /// - Throws: `WeightFileError` for a file that does not fit the model, `NotFiniteTensor`
    package static func load(directory: String, for configuration: ModelConfiguration) throws -> ValueHead? {
        guard access("\(directory)/\(fileName)", F_OK) == 0 else {
            guard access("\(directory)/\(legacyName)", F_OK) != 0 else {
                throw WeightFileError.pickleOnly(file: "\(directory)/\(legacyName)")
            }
            return nil
        }
        return try ValueHead(configuration) { try tensor($0, $1, directory: directory) }
    }

    /// Replaces the values by those of a directory that `save` has written.
    package func load(from directory: String) throws {
        for parameter in parameters {
            parameter.value = try Self.tensor(parameter.name, parameter.shape, directory: directory)
        }
    }

    private static func tensor(_ name: String, _ shape: [Int], directory: String) throws -> Tensor {
        let path = "\(directory)/\(fileName)"
        let file = try SafetensorsFile(path: path)
        guard let record = file[name] else {
            throw WeightFileError.missing(tensor: name, shape: shape, directory: path)
        }
        guard record.shape == shape else {
            throw WeightFileError.wrongShape(tensor: name, expected: shape, found: record.shape, file: path)
        }
        let weight = try file.weight(named: name)
        try weight.requireFinite(in: directory)
        return weight.widened()
    }

    /// Writes `value_head.safetensors` as PEFT's and TRL's users expect it beside a model or adapter.
    package func save(into output: some CheckpointOutput) throws {
        try output.writeFile(Self.fileName) { append in
            try SafetensorsWriter.write(
                parameters.map { TensorToWrite(name: $0.name, tensor: $0.value) }, append: append)
        }
    }

    /// - Parameters:
    ///   - hidden: behind the final norm, `(tokens, hidden)`
    ///   - rows: the positions asked for
    /// - Returns: `(rows, 1)`
    package func values(_ hidden: Variable, rows: [Int], on tape: Tape) throws -> Variable {
        let states = try tape.gatherRows(hidden, rows)
        let dropped = try tape.dropout(states, probability: dropout, site: Philox.hash(TensorName.weight))
        return try tape.linear(dropped, LinearProjection(weight: .trainable(weight), bias: .trainable(bias)))
    }
}
