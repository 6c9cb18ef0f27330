/// Reads the pickle of a PyTorch weight file: what it says of tensors, and nothing else.
///
/// A pickle is a program. Of its operations only those that describe data are known, and of the functions that it may
/// call only the few that put tensors together; these are recognised by their names and never called.
struct PickleReader {
    /// A tensor as the pickle describes it.
    struct TensorDescription {
        var storage: Storage
        /// In elements.
        var offset: Int
        var shape: [Int]
        var strides: [Int]
    }

    struct Storage {
        var type: ElementType
        var key: String
    }

    private indirect enum Value {
        case none, bool(Bool), integer(Int), number(Double), text(String), mark
        case tuple([Value])
        case list(Items)
        case dictionary(Items)
        case global(String)
        case storage(Storage)
        case tensor(TensorDescription)
    }

    /// What a list or dictionary holds; it may be named again later.
    private final class Items { var values: [(key: Value, value: Value)] = [] }

    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var stack: [Value] = []
    private var memory: [Int: Value] = [:]

    /// The tensors of the dictionary that the pickle makes, in its order.
    ///
    /// - Throws: `PyTorchFileError` for what is no such dictionary, naming what it asks for
    static func tensors(_ bytes: [UInt8], file: String) throws -> [(name: String, tensor: TensorDescription)] {
        var reader = PickleReader(bytes: bytes, file: file)
        guard case .dictionary(let items) = try reader.run() else {
            throw reader.damaged("its pickle is not a dictionary of tensors")
        }
        return try items.values.map { key, value in
            guard case .text(let name) = key, case .tensor(let tensor) = value else {
                throw reader.damaged("its dictionary holds something else than tensors")
            }
            return (name, tensor)
        }
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private func damaged(_ problem: String) -> PyTorchFileError { .damaged(file: file, problem: problem) }

    private mutating func run() throws -> Value {
        while true {
            let operation = try byte()
            switch operation {
            case 0x80: _ = try byte()  // PROTO
            case 0x95: _ = try take(8)  // FRAME
            case 0x2E: return try pop()  // STOP
            case 0x28: stack.append(.mark)
            case 0x4E: stack.append(.none)
            case 0x88: stack.append(.bool(true))
            case 0x89: stack.append(.bool(false))
            case 0x4B: stack.append(.integer(Int(try byte())))
            case 0x4D: stack.append(.integer(Int(try unsigned(2))))
            case 0x4A: stack.append(.integer(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
            case 0x8A: stack.append(.integer(try long()))
            case 0x47: stack.append(.number(Double(bitPattern: UInt64(bigEndian: try unsigned(8)))))
            case 0x58: stack.append(.text(try text(Int(try unsigned(4)))))
            case 0x8C: stack.append(.text(try text(Int(try byte()))))
            case 0x29: stack.append(.tuple([]))
            case 0x85: try tuple(of: 1)
            case 0x86: try tuple(of: 2)
            case 0x87: try tuple(of: 3)
            case 0x74: stack.append(.tuple(try popToMark()))
            case 0x5D: stack.append(.list(Items()))
            case 0x7D: stack.append(.dictionary(Items()))
            case 0x61: try append([try pop()])
            case 0x65: try append(popToMark())
            case 0x73: try setItems(Array([try pop(), try pop()].reversed()))
            case 0x75: try setItems(popToMark())
            case 0x71: memory[Int(try byte())] = try top()
            case 0x72: memory[Int(try unsigned(4))] = try top()
            case 0x94: memory[memory.count] = try top()
            case 0x68: stack.append(try remembered(Int(try byte())))
            case 0x6A: stack.append(try remembered(Int(try unsigned(4))))
            case 0x63: stack.append(.global("\(try line()).\(try line())"))
            case 0x93: try stackGlobal()
            case 0x51: stack.append(.storage(try storage(pop())))
            case 0x52: try reduce()
            case 0x62: _ = try pop()  // BUILD: attributes of a dictionary, such as versions of modules
            default:
                throw damaged("its pickle has the operation \(operation) at \(position - 1), which weights do not need")
            }
        }
    }

    // MARK: What operations do

    private mutating func reduce() throws {
        guard case .tuple(let arguments) = try pop(), case .global(let name) = try pop() else {
            throw damaged("its pickle calls something that is not a function")
        }
        stack.append(try result(of: name, arguments))
    }

    private func result(of name: String, _ arguments: [Value]) throws -> Value {
        switch name {
        case "collections.OrderedDict" where arguments.isEmpty: return .dictionary(Items())
        case "torch._utils._rebuild_tensor_v2":
            guard arguments.count >= 4, case .storage(let storage) = arguments[0],
                case .integer(let offset) = arguments[1], let shape = sizes(arguments[2]),
                let strides = sizes(arguments[3]), shape.count == strides.count, offset >= 0
            else { throw damaged("its pickle describes a tensor in another way than PyTorch does") }
            return .tensor(TensorDescription(storage: storage, offset: offset, shape: shape, strides: strides))
        case "torch._utils._rebuild_parameter":
            guard case .tensor(let tensor) = arguments.first else { throw damaged("a parameter without a tensor") }
            return .tensor(tensor)
        case "torch.Size":
            guard let first = arguments.first else { return .tuple([]) }
            return first
        case "torch._tensor._rebuild_from_type_v2":
            guard arguments.count >= 3, case .global(let function) = arguments[0],
                case .tuple(let inner) = arguments[2]
            else { throw damaged("a tensor of an unknown type") }
            return try result(of: function, inner)
        default: throw PyTorchFileError.foreign(file: file, what: name)
        }
    }

    private func storage(_ value: Value) throws -> Storage {
        guard case .tuple(let parts) = value, parts.count >= 4, case .text("storage") = parts[0],
            case .global(let type) = parts[1], case .text(let key) = parts[2]
        else { throw damaged("its pickle names numbers in another way than PyTorch does") }
        guard let element = ElementType.allCases.first(where: { $0.pyTorchStorage.map { "torch.\($0)" } == type })
        else { throw PyTorchFileError.foreign(file: file, what: type) }
        return Storage(type: element, key: key)
    }

    private func sizes(_ value: Value) -> [Int]? {
        guard case .tuple(let values) = value else { return nil }
        var sizes: [Int] = []
        for value in values {
            guard case .integer(let size) = value, size >= 0 else { return nil }
            sizes.append(size)
        }
        return sizes
    }

    private mutating func stackGlobal() throws {
        guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
            throw damaged("its pickle names a function in an unknown way")
        }
        stack.append(.global("\(module).\(name)"))
    }

    private mutating func tuple(of count: Int) throws {
        guard stack.count >= count else { throw ends() }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        stack.append(.tuple(values))
    }

    private mutating func append(_ values: [Value]) throws {
        guard case .list(let items) = try top() else { throw damaged("its pickle appends to what is no list") }
        items.values += values.map { (.none, $0) }
    }

    private mutating func setItems(_ values: [Value]) throws {
        guard case .dictionary(let items) = try top(), values.count % 2 == 0 else {
            throw damaged("its pickle fills what is no dictionary")
        }
        for index in stride(from: 0, to: values.count, by: 2) {
            items.values.append((values[index], values[index + 1]))
        }
    }

    // MARK: Stack and bytes

    private func ends() -> PyTorchFileError { damaged("its pickle ends too early") }

    private func top() throws -> Value {
        guard let value = stack.last else { throw ends() }
        return value
    }

    private mutating func pop() throws -> Value {
        guard let value = stack.popLast() else { throw ends() }
        return value
    }

    private mutating func popToMark() throws -> [Value] {
        guard
            let mark = stack.lastIndex(where: { value in
                if case .mark = value { true } else { false }
            })
        else { throw ends() }
        let values = Array(stack[(mark + 1)...])
        stack.removeSubrange(mark...)
        return values
    }

    private func remembered(_ number: Int) throws -> Value {
        guard let value = memory[number] else { throw damaged("its pickle refers to what it has not made") }
        return value
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else { throw ends() }
        position += count
        return bytes[position - count..<position]
    }

    private mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw ends() }
        position += 1
        return bytes[position - 1]
    }

    /// Little-endian.
    private mutating func unsigned(_ count: Int) throws -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func long() throws -> Int {
        let count = Int(try byte())
        guard count <= 8 else { throw damaged("its pickle has a number of \(count) bytes") }
        guard count > 0 else { return 0 }
        let shift = UInt64(64 - 8 * count)
        return Int(Int64(bitPattern: try unsigned(count) << shift) >> Int64(shift))
    }

    private mutating func text(_ count: Int) throws -> String { String(decoding: try take(count), as: UTF8.self) }

    private mutating func line() throws -> String {
        guard let end = bytes[position...].firstIndex(of: 0x0A) else { throw ends() }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }
}
