import Glibc
import JSONDocuments
import LinuxSystem
package import Tensors

/// A file with weights, whatever its format.
protocol WeightFile: Sendable {
    var path: String { get }
    var records: [TensorRecord] { get }
    subscript(name: String) -> TensorRecord? { get }
    /// A tensor, where it lies in the file if it can be used there.
    func weight(named name: String) throws -> Weight
    /// A tensor's bytes, of whatever type its elements are.
    func ownedBytes(of name: String) throws -> OwnedBytes
    /// Lets go of the pages that were read, where the file is mapped.
    func forgetPages()
}

extension SafetensorsFile: WeightFile {}

/// All weights of a model directory, from one file or from the shards of an index.
package final class CheckpointWeights: Sendable {
    package let directory: String
    private let files: [any WeightFile]
    /// Which file holds a tensor.
    private let locations: [String: Int]

    /// What is looked for, in this order, each alone and as an index of shards.
    private static let kinds: [(file: String, open: @Sendable (String) throws -> any WeightFile)] = [
        ("model.safetensors", { try SafetensorsFile(path: $0) }),
        ("pytorch_model.bin", { try PyTorchFile(path: $0) }),
    ]

    /// Looks for `model.safetensors`, then for its index, then for the same of PyTorch's own format.
    package init(directory: String) throws {
        self.directory = directory
        for (name, open) in Self.kinds {
            let (single, index) = ("\(directory)/\(name)", "\(directory)/\(name).index.json")
            if Self.exists(single) {
                let file = try open(single)
                files = [file]
                locations = Dictionary(file.records.map { ($0.name, 0) }) { first, _ in first }
                return
            }
            if Self.exists(index) {
                (files, locations) = try Self.shards(index, in: directory, open)
                return
            }
        }
        throw WeightFileError.noWeights(
            directory: directory, lookedFor: Self.kinds.flatMap { [$0.file, "\($0.file).index.json"] })
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
        let file = try file(holding: name, shape: shape)
        return try file.weight(named: name)
    }

    /// The bytes of a tensor that a weight is put together from, in the type and shape it must have.
    package func bytes(_ name: String, type: ElementType, shape: [Int]) throws -> OwnedBytes {
        let file = try file(holding: name, shape: shape)
        if let found = file[name]?.type, found != type {
            throw WeightFileError.wrongType(tensor: name, expected: type, found: found, file: file.path)
        }
        return try file.ownedBytes(of: name)
    }

    private func file(holding name: String, shape: [Int]) throws -> any WeightFile {
        guard let location = locations[name] else {
            throw WeightFileError.missing(tensor: name, shape: shape, directory: directory)
        }
        let file = files[location]
        if let found = file[name]?.shape, found != shape {
            throw WeightFileError.wrongShape(tensor: name, expected: shape, found: found, file: file.path)
        }
        return file
    }

    /// Lets go of the pages that were read, so that a model that is gone through once is never in memory as a whole.
    package func forgetPages() { for file in files { file.forgetPages() } }

    private static func shards(
        _ path: String, in directory: String, _ open: (String) throws -> any WeightFile
    ) throws -> ([any WeightFile], [String: Int]) {
        let map = try weightMap(path)
        var files: [any WeightFile] = []
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
                files.append(try open("\(directory)/\(name)"))
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
