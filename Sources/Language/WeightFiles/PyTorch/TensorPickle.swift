/// The pickle of a PyTorch file: an `OrderedDict` of names and tensors whose numbers lie in entries of the archive.
///
/// Protocol 2, in the few operations that PyTorch's own unpickler for weights knows. Nothing is ever executed here.
struct TensorPickle {
    private(set) var bytes: [UInt8] = []

    private enum Operation: UInt8 {
        case protocolVersion = 0x80  // PROTO
        case global = 0x63  // GLOBAL: module and name, a line each
        case mark = 0x28  // MARK
        case text = 0x58  // BINUNICODE: length in 4 bytes
        case byte = 0x4B  // BININT1
        case integer = 0x4A  // BININT: 4 bytes, signed
        case long = 0x8A  // LONG1: length in a byte
        case emptyTuple = 0x29  // EMPTY_TUPLE
        case tuple = 0x74  // TUPLE
        case falsehood = 0x89  // NEWFALSE
        case persistent = 0x51  // BINPERSID
        case reduce = 0x52  // REDUCE
        case setItems = 0x75  // SETITEMS
        case stop = 0x2E  // STOP
    }

    /// - Parameter tensors: the numbers of tensor k are those of the storage named k
    init(_ tensors: [TensorToWrite]) throws {
        put(.protocolVersion)
        bytes.append(2)
        putEmptyDictionary()
        put(.mark)
        for (number, tensor) in tensors.enumerated() {
            putText(tensor.name)
            try putTensor(tensor, storage: "\(number)")
        }
        put(.setItems)
        put(.stop)
    }

    private mutating func putTensor(_ tensor: TensorToWrite, storage: String) throws {
        guard let type = tensor.type.pyTorchStorage else { throw PyTorchFileError.unknownType(tensor.type.rawValue) }
        let count = tensor.shape.reduce(1, *)
        putGlobal("torch._utils", "_rebuild_tensor_v2")
        put(.mark)
        put(.mark)
        putText("storage")
        putGlobal("torch", type)
        putText(storage)
        putText("cpu")
        putInteger(count)
        put(.tuple)
        put(.persistent)
        putInteger(0)
        putTuple(tensor.shape)
        // Of each dimension, how many numbers lie between one and the next.
        var stride = 1
        putTuple(
            tensor.shape.reversed().map { size in
                defer { stride *= max(size, 1) }
                return stride
            }.reversed())
        put(.falsehood)
        putEmptyDictionary()
        put(.tuple)
        put(.reduce)
    }

    private mutating func put(_ operation: Operation) { bytes.append(operation.rawValue) }

    private mutating func putGlobal(_ module: String, _ name: String) {
        put(.global)
        bytes += Array("\(module)\n\(name)\n".utf8)
    }

    private mutating func putEmptyDictionary() {
        putGlobal("collections", "OrderedDict")
        put(.emptyTuple)
        put(.reduce)
    }

    private mutating func putText(_ text: String) {
        put(.text)
        bytes += withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) }
        bytes += Array(text.utf8)
    }

    private mutating func putTuple(_ values: [Int]) {
        put(.mark)
        for value in values { putInteger(value) }
        put(.tuple)
    }

    private mutating func putInteger(_ value: Int) {
        if let byte = UInt8(exactly: value) {
            put(.byte)
            bytes.append(byte)
        } else if let number = Int32(exactly: value) {
            put(.integer)
            bytes += withUnsafeBytes(of: number.littleEndian) { Array($0) }
        } else {
            put(.long)
            bytes.append(8)
            bytes += withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
        }
    }
}

extension ElementType {
    /// The class of PyTorch that holds numbers of this type; nil where it has none.
    var pyTorchStorage: String? {
        switch self {
        case .float32: "FloatStorage"
        case .float16: "HalfStorage"
        case .bfloat16: "BFloat16Storage"
        case .float64: "DoubleStorage"
        case .signed64: "LongStorage"
        case .signed32: "IntStorage"
        case .signed16: "ShortStorage"
        case .signed8: "CharStorage"
        case .unsigned8: "ByteStorage"
        case .boolean: "BoolStorage"
        case .unsigned16, .unsigned32, .unsigned64, .float8e5m2, .float8e4m3: nil
        }
    }
}
