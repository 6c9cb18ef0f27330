/// What is wrong inside a GGUF file.
package struct GGUFError: Error, Equatable, CustomStringConvertible {
    package enum Problem: Equatable, Sendable {
        case notGGUF
        case unsupportedVersion(UInt32)
        case bigEndian
        case endsEarly(reading: String, at: Int, needed: Int, fileBytes: Int)
        case tooMany(what: String, count: UInt64, limit: Int)
        case unknownValueType(key: String, type: UInt32)
        case notText(key: String)
        case duplicate(what: String, name: String)
        case badAlignment(Int)
        case badShape(tensor: String)
        case unsupportedType(tensor: String, type: UInt32)
        case raggedRows(tensor: String, columns: Int, block: Int)
        case beyondEnd(tensor: String, end: Int, dataBytes: Int)
        case misaligned(tensor: String, offset: UInt64, alignment: Int)
        case overlap(tensor: String, other: String)
        case missingKey(String)
        case wrongValue(key: String, expected: String)
        case unsupportedValue(key: String, value: String, supported: [String])
        case missingTensor(name: String, shape: [Int])
        case wrongShape(tensor: String, expected: [Int], found: [Int])
        case unexpectedTensors([String])
    }

    package let file: String
    package let problem: Problem

    package init(_ file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(file): \(text)" }

    private var text: String {
        switch problem {
        case .notGGUF: "is not a GGUF file: it does not begin with 'GGUF'"
        case .unsupportedVersion(let version): "is of GGUF version \(version), read are 2 and 3; convert it anew"
        case .bigEndian: "is a GGUF file of a big-endian machine, which is not read; convert it anew"
        case .endsEarly(let what, let position, let needed, let size):
            "ends within its header: \(what) at byte \(position) needs \(needed) bytes, the file has \(size); it was "
                + "cut off: get it anew"
        case .tooMany(let what, let count, let limit): "says it holds \(count) \(what), at most \(limit) are believed"
        case .unknownValueType(let key, let type): "the value of '\(key)' has the unknown type \(type)"
        case .notText(let key): "a text in '\(key)' is not UTF-8"
        case .duplicate(let what, let name): "has two \(what) named '\(name)'"
        case .badAlignment(let value): "'general.alignment' is \(value), expected a power of two up to 65536"
        case .badShape(let tensor): "the tensor '\(tensor)' has a shape that nothing could hold"
        case .unsupportedType(let tensor, let type):
            "the tensor '\(tensor)' is of type \(type), read are \(GGUFTensorType.names.joined(separator: ", ")); "
                + "convert the model to one of them"
        case .raggedRows(let tensor, let columns, let block):
            "the rows of '\(tensor)' have \(columns) numbers, which is no multiple of its type's \(block)"
        case .beyondEnd(let tensor, let end, let size):
            "the tensor '\(tensor)' ends at byte \(end) of the data, which have \(size); the file was cut off: get it anew"
        case .misaligned(let tensor, let offset, let alignment):
            "the tensor '\(tensor)' begins at byte \(offset) of the data, which is no multiple of \(alignment)"
        case .overlap(let tensor, let other): "the tensors '\(other)' and '\(tensor)' overlap"
        case .missingKey(let key): "has no '\(key)', which is needed"
        case .wrongValue(let key, let expected): "'\(key)' must be \(expected)"
        case .unsupportedValue(let key, let value, let supported):
            "'\(key)' is '\(value)', available are \(supported.joined(separator: ", "))"
        case .missingTensor(let name, let shape): "has no tensor '\(name)' of shape \(shape), which the model needs"
        case .wrongShape(let tensor, let expected, let found):
            "the tensor '\(tensor)' should have the shape \(expected), it has \(found)"
        case .unexpectedTensors(let names):
            "the model has no place for " + names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
                + (names.count > 5 ? " and \(names.count - 5) more tensors" : "")
        }
    }
}
