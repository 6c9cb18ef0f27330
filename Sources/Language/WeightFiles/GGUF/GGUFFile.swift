import LinuxSystem
package import Tensors

/// A GGUF file, mapped read-only; its header has been proven consistent.
package final class GGUFFile: Sendable {
    package let path: String
    package let metadata: [String: GGUFValue]
    /// In the order of the file.
    package let records: [GGUFRecord]

    private let mapping: MappedFile
    private let positions: [String: Int]
    private let dataStart: Int

    /// Whether a path names such a file, by its ending.
    package static func isNamed(by path: String) -> Bool { path.hasSuffix(".gguf") }

    /// - Throws: `GGUFError` for each way a header can lie, `SystemError` when the file cannot be read
    package init(path: String) throws {
        self.path = path
        mapping = try MappedFile(path: path)
        let header = try GGUFHeader(parsing: mapping.bytes, file: path)
        metadata = header.metadata
        records = header.records
        dataStart = header.dataStart
        positions = Dictionary(uniqueKeysWithValues: records.enumerated().map { ($0.element.name, $0.offset) })
    }

    /// Lets go of the pages that were read; they come back from the file when they are wanted again.
    package func forgetPages() { mapping.forget(first: mapping.count) }

    package subscript(name: String) -> GGUFRecord? { positions[name].map { records[$0] } }

    /// A tensor where it lies in the file; it keeps the mapping alive.
    ///
    /// - Parameters:
    ///   - shape: what the tensor must have
    ///   - part: one of the matrices that the tensor's first dimension counts; nil for all of it
    package func weight(_ name: String, as newName: String, shape: [Int], part: Int? = nil) throws -> Weight {
        let (record, bytes) = try bytes(name, shape: shape, part: part)
        if let format = record.type.blockFormat {
            return try format.weight(name: newName, shape: shape, bytes: bytes)
        }
        let format = record.type.weightFormat ?? .float32
        return try Weight(name: newName, format: format, shape: shape, bytes: bytes.bytes, owner: bytes.owner)
    }

    /// A copy of a matrix with its rows in another order.
    ///
    /// - Parameter source: the row of the file that comes to a place
    package func weight(
        _ name: String, as newName: String, shape: [Int], takingRow source: (Int) -> Int
    ) throws -> Weight {
        let (record, stored) = try bytes(name, shape: shape, part: nil)
        let line = record.type.byteCount(shape.last ?? 1)
        let copy = ByteTensor(zeros: [stored.bytes.count])
        let bytes = copy.withUnsafeMutableBufferPointer { buffer in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for row in 0..<(line == 0 ? 0 : stored.bytes.count / line) {
                let from = source(row) * line
                UnsafeMutableRawBufferPointer(rebasing: raw[row * line..<(row + 1) * line])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: stored.bytes[from..<from + line]))
            }
            return OwnedBytes(UnsafeRawBufferPointer(raw), owner: copy)
        }
        if let format = record.type.blockFormat {
            return try format.weight(name: newName, shape: shape, bytes: bytes)
        }
        return try Weight(
            name: newName, format: record.type.weightFormat ?? .float32, shape: shape, bytes: bytes.bytes, owner: copy)
    }

    private func bytes(_ name: String, shape: [Int], part: Int?) throws -> (GGUFRecord, OwnedBytes) {
        guard let record = self[name] else { throw GGUFError(path, .missingTensor(name: name, shape: shape)) }
        let found = part == nil ? record.shape : Array(record.shape.dropFirst())
        // A matrix of one row may be stored as a vector.
        guard found == shape || shape.first == 1 && found == Array(shape.dropFirst()),
            part.map({ $0 < record.shape.first ?? 0 }) ?? true
        else { throw GGUFError(path, .wrongShape(tensor: name, expected: shape, found: found)) }
        let size = record.type.byteCount(shape.reduce(1, *))
        let start = dataStart + record.byteRange.lowerBound + (part ?? 0) * size
        guard size > 0 else { throw GGUFError(path, .wrongShape(tensor: name, expected: shape, found: found)) }
        return (
            record, OwnedBytes(UnsafeRawBufferPointer(rebasing: mapping.bytes[start..<start + size]), owner: mapping)
        )
    }
}
