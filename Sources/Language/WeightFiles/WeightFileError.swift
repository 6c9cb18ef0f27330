package import JSONDocuments
import Glibc

/// Why the files of a checkpoint cannot be read or written, beyond what is wrong inside one of them.
package enum WeightFileError: Error, CustomStringConvertible {
    case cannotRead(file: String, code: Int32)
    case cannotWrite(file: String, code: Int32)
    case notRegular(file: String)
    case tooLarge(file: String, bytes: Int, limit: Int)
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

    /// The `errno` of a refused system call, by which a full disk is recognised.
    package var code: Int32? {
        switch self {
        case .cannotRead(_, let code), .cannotWrite(_, let code): code
        default: nil
        }
    }

    package var description: String {
        switch self {
        case .cannotRead(let file, let code): "\(file): cannot be read: \(Self.text(code))"
        case .cannotWrite(let file, let code): "\(file): cannot be written: \(Self.text(code))"
        case .notRegular(let file): "\(file): is not a regular file"
        case .tooLarge(let file, let bytes, let limit):
            "\(file): has \(bytes) bytes, at most \(limit) are expected of such a file"
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

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
