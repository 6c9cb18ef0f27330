import JSONDocuments
import LinuxSystem
package import Tensors

/// A safetensors file, mapped read-only; its header has been proven consistent.
package final class SafetensorsFile: Sendable {
    package let path: String
    /// In the order of their bytes.
    package let records: [TensorRecord]
    package let metadata: [String: String]

    private let mapping: MappedFile
    private let positions: [String: Int]
    /// Where the header ends and the tensors begin.
    private let dataStart: Int

    /// - Throws: `SafetensorsError` for each way a header can lie, `SystemError` when the file cannot be read.
    package init(path: String) throws {
        self.path = path
        mapping = try MappedFile(path: path)
        let bytes = mapping.bytes
        guard bytes.count >= 8 else { throw SafetensorsError(path, .noLengthField(fileBytes: bytes.count)) }
        let claimed = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard claimed <= UInt64(SafetensorsHeader.byteLimit) else {
            throw SafetensorsError(path, .headerTooLarge(claimed: claimed, limit: SafetensorsHeader.byteLimit))
        }
        let length = Int(claimed)
        guard length <= bytes.count - 8 else {
            throw SafetensorsError(path, .headerBeyondEnd(claimed: claimed, fileBytes: bytes.count))
        }
        dataStart = 8 + length
        let header = try SafetensorsHeader(
            parsing: Array(bytes[8..<dataStart]), dataBytes: bytes.count - dataStart, file: path)
        records = header.records
        metadata = header.metadata
        positions = Dictionary(
            uniqueKeysWithValues: header.records.enumerated().map { ($0.element.name, $0.offset) })
    }

    package subscript(name: String) -> TensorRecord? { positions[name].map { records[$0] } }

    /// The tensor's bytes as they are in the file.
    package func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        let record = try required(name)
        return try withExtendedLifetime(mapping) { try body(bytes(of: record)) }
    }

    /// The tensor's bytes where they lie in the file; they keep the mapping alive.
    package func ownedBytes(of name: String) throws -> OwnedBytes {
        OwnedBytes(bytes(of: try required(name)), owner: mapping)
    }

    /// The tensor where it lies in the file; it keeps the mapping alive.
    ///
    /// A tensor that some writer placed at an odd address is copied, since kernels read whole elements.
    package func weight(named name: String) throws -> Weight {
        let record = try required(name)
        guard let type = record.type.weightFormat else {
            throw SafetensorsError(path, .notWeights(tensor: name, type: record.type))
        }
        let bytes = bytes(of: record)
        guard Int(bitPattern: bytes.baseAddress).isMultiple(of: type.byteCount), !bytes.isEmpty else {
            return try Weight(name: name, format: type, shape: record.shape, copying: Array(bytes))
        }
        return try Weight(name: name, format: type, shape: record.shape, bytes: bytes, owner: mapping)
    }

    /// Lets go of the pages that were read; they come back from the file when they are wanted again.
    package func forgetPages() { mapping.forget(first: mapping.count) }

    /// The tensor widened to float32.
    package func tensor(named name: String) throws -> Tensor { try weight(named: name).widened() }

    private func required(_ name: String) throws -> TensorRecord {
        guard let record = self[name] else { throw SafetensorsError(path, .missingTensor(name)) }
        return record
    }

    private func bytes(of record: TensorRecord) -> UnsafeRawBufferPointer {
        let range = record.byteRange
        return UnsafeRawBufferPointer(
            rebasing: mapping.bytes[dataStart + range.lowerBound..<dataStart + range.upperBound])
    }
}
