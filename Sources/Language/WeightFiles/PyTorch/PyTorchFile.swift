import Tensors

/// A file of weights that `torch.save` has written (PyTorch 1.6 and newer); its pickle has been read, not executed.
///
/// Its numbers lie in a zip archive, so a weight is read into memory when it is asked for.
final class PyTorchFile: WeightFile {
    let path: String
    let records: [TensorRecord]

    private let folder: String
    private let tensors: [String: PickleReader.TensorDescription]

    private static let largestPickle = 1 << 28
    private static let mostElements = 1 << 40

    /// - Throws: `PyTorchFileError` for a file that says something else than weights do, `SystemError`
    init(path: String) throws {
        self.path = path
        let archive = try ZipReader(path: path)
        folder = try archive.folder()
        let pickle = try archive.contents(of: "\(folder)/data.pkl", limit: Self.largestPickle)
        var tensors: [String: PickleReader.TensorDescription] = [:]
        var records: [TensorRecord] = []
        var end = 0
        for (name, tensor) in try PickleReader.tensors(pickle, file: path) {
            guard Self.count(tensor.shape) != nil, tensor.offset <= Self.mostElements else {
                throw PyTorchFileError.damaged(file: path, problem: "tensor '\(name)' has the shape \(tensor.shape)")
            }
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw PyTorchFileError.damaged(file: path, problem: "two tensors are named '\(name)'")
            }
            let type = tensor.storage.type
            let start = end
            end += tensor.shape.reduce(type.byteCount, *)
            records.append(TensorRecord(name: name, type: type, shape: tensor.shape, byteRange: start..<end))
        }
        self.tensors = tensors
        self.records = records
    }

    subscript(name: String) -> TensorRecord? { records.first { $0.name == name } }

    func weight(named name: String) throws -> Weight {
        guard let tensor = tensors[name] else {
            throw PyTorchFileError.damaged(file: path, problem: "holds no tensor '\(name)'")
        }
        guard let format = tensor.storage.type.weightFormat else {
            throw SafetensorsError(path, .notWeights(tensor: name, type: tensor.storage.type))
        }
        return try Weight(name: name, format: format, shape: tensor.shape, copying: contents(of: tensor, name))
    }

    func ownedBytes(of name: String) throws -> OwnedBytes {
        guard let tensor = tensors[name] else {
            throw PyTorchFileError.damaged(file: path, problem: "holds no tensor '\(name)'")
        }
        let bytes = try contents(of: tensor, name)
        let copy = try bytes.withUnsafeBytes { try ByteTensor(copying: $0, shape: [bytes.count], name: name) }
        return copy.withUnsafeMutableBufferPointer { OwnedBytes(UnsafeRawBufferPointer($0), owner: copy) }
    }

    private func contents(of tensor: PickleReader.TensorDescription, _ name: String) throws -> [UInt8] {
        let type = tensor.storage.type
        guard tensor.isContiguous else {
            throw PyTorchFileError.damaged(
                file: path, problem: "the numbers of '\(name)' do not lie in a row; save it with `.contiguous()`")
        }
        let numbers = try ZipReader(path: path).contents(of: "\(folder)/data/\(tensor.storage.key)")
        let count = Self.count(tensor.shape) ?? 0
        let (start, end) = (tensor.offset * type.byteCount, (tensor.offset + count) * type.byteCount)
        guard end <= numbers.count else {
            throw PyTorchFileError.damaged(
                file: path,
                problem: "'\(name)' needs \(end) bytes of data/\(tensor.storage.key), which has \(numbers.count)")
        }
        return start == 0 && end == numbers.count ? numbers : Array(numbers[start..<end])
    }

    func forgetPages() {}

    private static func count(_ shape: [Int]) -> Int? {
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= mostElements else { return nil }
            count = product
        }
        return count
    }
}

extension PickleReader.TensorDescription {
    /// Whether its numbers lie one after another, row by row.
    fileprivate var isContiguous: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            guard stride == expected else { return false }
            expected *= max(size, 1)
        }
        return true
    }
}
