import JSONDocuments

/// One tensor as the header of its file describes it.
package struct TensorRecord: Equatable, Sendable {
    package var name: String
    package var type: ElementType
    package var shape: [Int]
    /// Where its bytes lie, counted from the end of the header.
    package var byteRange: Range<Int>

    package var elementCount: Int { shape.reduce(1, *) }
}

/// The table of contents of a safetensors file, proven consistent with itself and with the size of the file.
///
/// Format: <https://huggingface.co/docs/safetensors>. Nothing in a header is believed: sizes are multiplied with
/// overflow checks, and the tensors must cover the data exactly, without overlaps and without gaps.
struct SafetensorsHeader {
    /// In the order of their bytes.
    var records: [TensorRecord]
    var metadata: [String: String]

    /// The largest header that the format allows.
    static let byteLimit = 100_000_000

    /// - Parameters:
    ///   - text: the header without its length field
    ///   - dataBytes: how many bytes follow it
    init(parsing text: [UInt8], dataBytes: Int, file: String) throws {
        guard String(validating: text, as: UTF8.self) != nil else { throw SafetensorsError(file, .headerNotUTF8) }
        let root: JSONValue
        do {
            root = try JSONValue(
                parsing: text, limits: JSONLimits(maximumBytes: Self.byteLimit, maximumDepth: 8))
        } catch let error as JSONError {
            throw SafetensorsError(file, .headerNotJSON(error))
        }
        guard let object = root.object else { throw SafetensorsError(file, .headerNotObject(found: root.kindName)) }

        metadata = [:]
        records = []
        records.reserveCapacity(object.count)
        for (name, value) in object {
            if name == "__metadata__" {
                metadata = try Self.metadata(value, file: file)
            } else {
                records.append(try Self.record(name, value, dataBytes: dataBytes, file: file))
            }
        }
        records.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        try checkCoverage(dataBytes: dataBytes, file: file)
    }

    private static func metadata(_ value: JSONValue, file: String) throws -> [String: String] {
        guard let object = value.object else { throw SafetensorsError(file, .metadataNotText(key: "__metadata__")) }
        var metadata: [String: String] = [:]
        for (key, value) in object {
            guard let text = value.string else { throw SafetensorsError(file, .metadataNotText(key: key)) }
            metadata[key] = text
        }
        return metadata
    }

    private static func record(
        _ name: String, _ value: JSONValue, dataBytes: Int, file: String
    ) throws -> TensorRecord {
        func malformed(_ field: String, _ expected: String) -> SafetensorsError {
            SafetensorsError(file, .malformedEntry(tensor: name, field: field, expected: expected))
        }
        guard let entry = value.object else { throw malformed("its entry", "an object, found \(value.kindName)") }
        guard let typeName = entry["dtype"]?.string else { throw malformed("dtype", "a text") }
        guard let type = ElementType(rawValue: typeName) else {
            throw SafetensorsError(file, .unknownElementType(tensor: name, name: typeName))
        }
        guard let shape = sizes(entry["shape"]) else { throw malformed("shape", "a list of sizes") }
        guard let offsets = sizes(entry["data_offsets"]), offsets.count == 2 else {
            throw malformed("data_offsets", "two positions in the data")
        }
        let (begin, end) = (offsets[0], offsets[1])
        guard begin <= end else {
            throw SafetensorsError(file, .offsetsReversed(tensor: name, begin: begin, end: end))
        }
        guard end <= dataBytes else {
            throw SafetensorsError(file, .beyondEnd(tensor: name, end: end, dataBytes: dataBytes))
        }
        guard let expected = byteCount(shape: shape, type: type) else {
            throw SafetensorsError(file, .sizeOverflow(tensor: name, shape: shape))
        }
        guard expected == end - begin else {
            throw SafetensorsError(
                file,
                .sizeMismatch(tensor: name, type: type, shape: shape, expected: expected, found: end - begin))
        }
        return TensorRecord(name: name, type: type, shape: shape, byteRange: begin..<end)
    }

    /// A list of whole numbers that are not negative.
    private static func sizes(_ value: JSONValue?) -> [Int]? {
        guard let array = value?.array else { return nil }
        var sizes: [Int] = []
        for element in array {
            guard case .integer(let size) = element, size >= 0 else { return nil }
            sizes.append(Int(size))
        }
        return sizes
    }

    /// Nil when the number does not fit, even in between: `[0, 2^40, 2^40]` is refused too.
    private static func byteCount(shape: [Int], type: ElementType) -> Int? {
        var product = type.byteCount
        for size in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
            guard !overflow else { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }

    private func checkCoverage(dataBytes: Int, file: String) throws {
        var covered = 0
        for record in records {
            let begin = record.byteRange.lowerBound
            if begin < covered {
                throw SafetensorsError(file, .overlap(tensor: record.name, begin: begin, previousEnd: covered))
            }
            if begin > covered {
                throw SafetensorsError(file, .gap(beforeTensor: record.name, begin: begin, previousEnd: covered))
            }
            covered = record.byteRange.upperBound
        }
        guard covered == dataBytes else {
            throw SafetensorsError(file, .unusedBytes(count: dataBytes - covered))
        }
    }
}
