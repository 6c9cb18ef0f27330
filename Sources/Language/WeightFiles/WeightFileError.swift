package import JSONDocuments

/// Why the files of a checkpoint cannot be used together; what is wrong with one of them is a `SafetensorsError` or a
/// `SystemError`.
package enum WeightFileError: Error, CustomStringConvertible {
    case noWeights(directory: String, lookedFor: [String])
    case pickleOnly(file: String)
    case badIndex(file: String, problem: String)
    case indexNotJSON(file: String, error: JSONError)
    case unsafeShardName(file: String, name: String)
    case notInShard(tensor: String, shard: String, index: String)
    case missing(tensor: String, shape: [Int], directory: String)
    case wrongShape(tensor: String, expected: [Int], found: [Int], file: String)
    case notNumbers(type: ElementType)
    case wrongType(tensor: String, expected: ElementType, found: ElementType, file: String)

    package var description: String {
        switch self {
        case .noWeights(let directory, let names):
            "\(directory): holds no weights; looked for \(names.joined(separator: ", "))"
        case .pickleOnly(let file):
            "\(file): pickled weights are not read; convert them to model.safetensors first"
        case .badIndex(let file, let problem): "\(file): \(problem)"
        case .indexNotJSON(let file, let error): "\(file): \(error)"
        case .unsafeShardName(let file, let name):
            "\(file): the shard '\(name)' must be the name of a file in the same directory"
        case .notInShard(let tensor, let shard, let index):
            "\(shard): holds no tensor '\(tensor)', though \(index) says so"
        case .missing(let tensor, let shape, let directory):
            "\(directory): the weights have no tensor '\(tensor)' of shape \(shape), which the model needs"
        case .wrongShape(let tensor, let expected, let found, let file):
            "\(file): tensor '\(tensor)' should have the shape \(expected) by config.json, it has \(found)"
        case .notNumbers(let type): "tensors of type \(type.rawValue) are no numbers that a GGUF file could hold"
        case .wrongType(let tensor, let expected, let found, let file):
            "\(file): the elements of tensor '\(tensor)' should be \(expected.rawValue), they are \(found.rawValue)"
        }
    }
}
