import Glibc
import JSONDocuments
import LinuxSystem
package import Tensors

/// All weights of a model directory, from one safetensors file or from the shards of an index.
package final class CheckpointWeights: Sendable {
    package let directory: String
    private let files: [SafetensorsFile]
    /// Which file holds a tensor.
    private let locations: [String: Int]

    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"
    private static let pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json"]

    /// Looks for `model.safetensors`, then for its index.
    package init(directory: String) throws {
        self.directory = directory
        if Self.exists("\(directory)/\(Self.single)") {
            let file = try SafetensorsFile(path: "\(directory)/\(Self.single)")
            files = [file]
            locations = Dictionary(uniqueKeysWithValues: file.records.map { ($0.name, 0) })
        } else if Self.exists("\(directory)/\(Self.index)") {
            (files, locations) = try Self.shards(directory: directory)
        } else if let pickle = Self.pickles.first(where: { Self.exists("\(directory)/\($0)") }) {
            throw WeightFileError.pickleOnly(file: "\(directory)/\(pickle)")
        } else {
            throw WeightFileError.noWeights(directory: directory, lookedFor: [Self.single, Self.index])
        }
    }

    package var names: [String] { locations.keys.sorted() }

    /// Bytes of all tensors.
    package var byteCount: Int {
        files.reduce(0) { $0 + $1.records.reduce(0) { $0 + $1.byteRange.count } }
    }

    package func contains(_ name: String) -> Bool { locations[name] != nil }

    package func record(_ name: String) -> TensorRecord? { locations[name].flatMap { files[$0][name] } }

    /// A tensor that the model needs, in the shape it needs it.
    package func weight(_ name: String, shape: [Int]) throws -> Weight {
        guard let location = locations[name] else {
            throw WeightFileError.missing(tensor: name, shape: shape, directory: directory)
        }
        let file = files[location]
        let weight = try file.weight(named: name)
        guard weight.shape == shape else {
            throw WeightFileError.wrongShape(tensor: name, expected: shape, found: weight.shape, file: file.path)
        }
        return weight
    }

    /// Lets go of a tensor's pages, which come back when they are wanted again.
    package func forgetPages(of name: String) {
        if let location = locations[name] { files[location].forgetPages(of: name) }
    }

    private static func shards(directory: String) throws -> ([SafetensorsFile], [String: Int]) {
        let path = "\(directory)/\(index)"
        let map = try weightMap(path)
        var files: [SafetensorsFile] = []
        var numbers: [String: Int] = [:]
        var locations: [String: Int] = [:]
        for (tensor, value) in map {
            guard let name = value.string else {
                throw WeightFileError.badIndex(file: path, problem: "the file of '\(tensor)' must be a text")
            }
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), name != "..", !name.utf8.contains(0) else {
                throw WeightFileError.unsafeShardName(file: path, name: name)
            }
            if numbers[name] == nil {
                numbers[name] = files.count
                guard exists("\(directory)/\(name)") else {
                    throw WeightFileError.badIndex(file: path, problem: "the shard '\(name)' is not there")
                }
                files.append(try SafetensorsFile(path: "\(directory)/\(name)"))
            }
            let number = numbers[name] ?? 0
            guard files[number][tensor] != nil else {
                throw WeightFileError.notInShard(tensor: tensor, shard: files[number].path, index: path)
            }
            locations[tensor] = number
        }
        return (files, locations)
    }

    private static func weightMap(_ path: String) throws -> JSONObject {
        let bytes = try MappedFile.contents(of: path, limit: 100_000_000)
        let root: JSONValue
        do {
            root = try JSONValue(
                parsing: bytes, limits: JSONLimits(maximumBytes: 100_000_000, maximumDepth: 16))
        } catch let error as JSONError {
            throw WeightFileError.indexNotJSON(file: path, error: error)
        }
        guard let map = root["weight_map"]?.object else {
            throw WeightFileError.badIndex(file: path, problem: "must be an object with the key 'weight_map'")
        }
        return map
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
