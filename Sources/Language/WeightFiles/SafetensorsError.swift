package import JSONDocuments

/// Why a safetensors file was refused.
package struct SafetensorsError: Error, CustomStringConvertible {
    package var file: String
    package var reason: Reason

    package enum Reason: Equatable, Sendable {
        case noLengthField(fileBytes: Int)
        case headerTooLarge(claimed: UInt64, limit: Int)
        case headerBeyondEnd(claimed: UInt64, fileBytes: Int)
        case headerNotUTF8
        case headerNotJSON(JSONError)
        case headerNotObject(found: String)
        case metadataNotText(key: String)
        case malformedEntry(tensor: String, field: String, expected: String)
        case unknownElementType(tensor: String, name: String)
        case sizeOverflow(tensor: String, shape: [Int])
        case offsetsReversed(tensor: String, begin: Int, end: Int)
        case beyondEnd(tensor: String, end: Int, dataBytes: Int)
        case sizeMismatch(tensor: String, type: ElementType, shape: [Int], expected: Int, found: Int)
        case overlap(tensor: String, begin: Int, previousEnd: Int)
        case gap(beforeTensor: String, begin: Int, previousEnd: Int)
        case unusedBytes(count: Int)
        case missingTensor(String)
        case notWeights(tensor: String, type: ElementType)
    }

    init(_ file: String, _ reason: Reason) {
        self.file = file
        self.reason = reason
    }

    package var description: String { "\(file): \(problem)" }

    private var problem: String {
        switch reason {
        case .noLengthField(let bytes):
            "a safetensors file begins with an 8-byte header length, this one has only \(bytes) bytes; "
                + "it is truncated or not a safetensors file"
        case .headerTooLarge(let claimed, let limit):
            "the header claims \(claimed) bytes, at most \(limit) are allowed; the file is damaged or not safetensors"
        case .headerBeyondEnd(let claimed, let fileBytes):
            "the header claims \(claimed) bytes but the file has only \(fileBytes) bytes; it is truncated"
        case .headerNotUTF8: "the header is not UTF-8 text; the file is damaged"
        case .headerNotJSON(let error): "the header is not valid: \(error)"
        case .headerNotObject(let found): "the header must be a JSON object, found \(found)"
        case .metadataNotText(let key): "the header's __metadata__ must map texts to texts, '\(key)' does not"
        case .malformedEntry(let tensor, let field, let expected):
            "tensor '\(tensor)': \(field) must be \(expected)"
        case .unknownElementType(let tensor, let name):
            "tensor '\(tensor)' has the element type '\(name)', known are "
                + ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        case .sizeOverflow(let tensor, let shape):
            "tensor '\(tensor)' of shape \(shape) has more bytes than can be addressed"
        case .offsetsReversed(let tensor, let begin, let end):
            "tensor '\(tensor)' begins at byte \(begin) and ends before it, at \(end)"
        case .beyondEnd(let tensor, let end, let dataBytes):
            "tensor '\(tensor)' ends at byte \(end) of the data, which has only \(dataBytes) bytes; the file is truncated"
        case .sizeMismatch(let tensor, let type, let shape, let expected, let found):
            "tensor '\(tensor)' of type \(type.rawValue) and shape \(shape) needs \(expected) bytes, "
                + "its offsets give it \(found)"
        case .overlap(let tensor, let begin, let previousEnd):
            "tensor '\(tensor)' begins at byte \(begin), inside the one before it that ends at \(previousEnd)"
        case .gap(let tensor, let begin, let previousEnd):
            "bytes \(previousEnd) to \(begin) before tensor '\(tensor)' belong to no tensor"
        case .unusedBytes(let count): "the last \(count) bytes belong to no tensor"
        case .missingTensor(let tensor): "there is no tensor '\(tensor)'"
        case .notWeights(let tensor, let type):
            "tensor '\(tensor)' is of type \(type.rawValue); weights are read from F32, BF16 or F16"
        }
    }
}
