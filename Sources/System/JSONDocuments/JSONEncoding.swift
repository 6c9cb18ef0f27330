extension JSONValue {
    /// Any encodable value as JSON, without a detour over text.
    ///
    /// - Throws: `EncodingError` for an unsigned integer beyond 64 signed bits or a number that is not finite.
    package init(encoding value: some Encodable) throws {
        self = try EncodingNode.encode(value, codingPath: [])
    }
}

/// A value under construction: containers are handed out before they are filled, so they are shared by reference.
private final class EncodingNode {
    enum Content {
        case nothing
        case value(JSONValue)
        case array([EncodingNode])
        case object([(key: String, node: EncodingNode)])
    }

    var content = Content.nothing

    init(_ content: Content = .nothing) { self.content = content }

    var value: JSONValue {
        switch content {
        case .nothing: .object([:])
        case .value(let value): value
        case .array(let nodes): .array(nodes.map(\.value))
        case .object(let members): .object(JSONObject(members.map { (key: $0.key, value: $0.node.value) }))
        }
    }

    func append(_ node: EncodingNode) {
        guard case .array(var nodes) = content else { return }
        content = .nothing  // so that the array is not copied
        nodes.append(node)
        content = .array(nodes)
    }

    func append(_ key: String, _ node: EncodingNode) {
        guard case .object(var members) = content else { return }
        content = .nothing  // so that the array is not copied
        members.append((key, node))
        content = .object(members)
    }

    func becomeArray() { if case .array = content {} else { content = .array([]) } }
    func becomeObject() { if case .object = content {} else { content = .object([]) } }

    static func encode(_ value: some Encodable, codingPath: [any CodingKey]) throws -> JSONValue {
        switch value {
        case let value as JSONValue: return value
        case let value as JSONObject: return .object(value)
        case let value as String: return .string(value)
        case let value as Double: return try number(value, codingPath: codingPath)
        default:
            let node = EncodingNode()
            try value.encode(to: NodeEncoder(node: node, codingPath: codingPath))
            return node.value
        }
    }

    static func number(_ value: Double, codingPath: [any CodingKey]) throws -> JSONValue {
        if value.isFinite { return .number(value) }
        throw EncodingError.invalidValue(
            value, .init(codingPath: codingPath, debugDescription: "JSON has no number for \(value)"))
    }

    /// A float keeps its own shortest decimal, as 0.1 and not 0.10000000149011612.
    static func number(_ value: Float, codingPath: [any CodingKey]) throws -> JSONValue {
        try number(Double(value.description) ?? Double(value), codingPath: codingPath)
    }

    static func integer(_ value: some BinaryInteger, codingPath: [any CodingKey]) throws -> JSONValue {
        if let value = Int64(exactly: value) { return .integer(value) }
        throw EncodingError.invalidValue(
            value, .init(codingPath: codingPath, debugDescription: "\(value) does not fit a 64-bit signed integer"))
    }
}

private struct NodeEncoder: Encoder {
    let node: EncodingNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.becomeObject()
        return KeyedEncodingContainer(KeyedNodeEncoder<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeArray()
        return UnkeyedNodeEncoder(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleNodeEncoder(node: node, codingPath: codingPath)
    }
}

private struct KeyedNodeEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode
    let codingPath: [any CodingKey]

    private func add(_ value: JSONValue, _ key: Key) { node.append(key.stringValue, EncodingNode(.value(value))) }

    func encodeNil(forKey key: Key) { add(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { add(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { add(.string(value), key) }
    func encode(_ value: Int, forKey key: Key) { add(.integer(Int64(value)), key) }
    func encode(_ value: Int64, forKey key: Key) { add(.integer(value), key) }
    func encode(_ value: Double, forKey key: Key) throws {
        add(try EncodingNode.number(value, codingPath: codingPath + [key]), key)
    }
    func encode(_ value: Float, forKey key: Key) throws {
        add(try EncodingNode.number(value, codingPath: codingPath + [key]), key)
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        add(try EncodingNode.encode(value, codingPath: codingPath + [key]), key)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        let child = EncodingNode(.object([]))
        node.append(key.stringValue, child)
        return KeyedEncodingContainer(KeyedNodeEncoder<NestedKey>(node: child, codingPath: codingPath + [key]))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let child = EncodingNode(.array([]))
        node.append(key.stringValue, child)
        return UnkeyedNodeEncoder(node: child, codingPath: codingPath + [key])
    }

    func superEncoder() -> any Encoder { encoder(named: "super", codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder {
        encoder(named: key.stringValue, codingPath: codingPath + [key])
    }

    private func encoder(named name: String, codingPath: [any CodingKey]) -> any Encoder {
        let child = EncodingNode()
        node.append(name, child)
        return NodeEncoder(node: child, codingPath: codingPath)
    }
}

private struct UnkeyedNodeEncoder: UnkeyedEncodingContainer {
    let node: EncodingNode
    let codingPath: [any CodingKey]
    var count: Int { if case .array(let nodes) = node.content { nodes.count } else { 0 } }

    private func add(_ value: JSONValue) { node.append(EncodingNode(.value(value))) }

    func encodeNil() { add(.null) }
    func encode(_ value: Bool) { add(.bool(value)) }
    func encode(_ value: String) { add(.string(value)) }
    func encode(_ value: Int) { add(.integer(Int64(value))) }
    func encode(_ value: Double) throws { add(try EncodingNode.number(value, codingPath: codingPath)) }
    func encode(_ value: Float) throws { add(try EncodingNode.number(value, codingPath: codingPath)) }
    func encode<T: Encodable>(_ value: T) throws {
        add(try EncodingNode.encode(value, codingPath: codingPath + [PositionKey(count)]))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        let path = codingPath + [PositionKey(count)]
        let child = EncodingNode(.object([]))
        node.append(child)
        return KeyedEncodingContainer(KeyedNodeEncoder<NestedKey>(node: child, codingPath: path))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let path = codingPath + [PositionKey(count)]
        let child = EncodingNode(.array([]))
        node.append(child)
        return UnkeyedNodeEncoder(node: child, codingPath: path)
    }

    func superEncoder() -> any Encoder {
        let path = codingPath + [PositionKey(count)]
        let child = EncodingNode()
        node.append(child)
        return NodeEncoder(node: child, codingPath: path)
    }
}

private struct SingleNodeEncoder: SingleValueEncodingContainer {
    let node: EncodingNode
    let codingPath: [any CodingKey]

    private func set(_ value: JSONValue) { node.content = .value(value) }

    func encodeNil() { set(.null) }
    func encode(_ value: Bool) { set(.bool(value)) }
    func encode(_ value: String) { set(.string(value)) }
    func encode(_ value: Double) throws { set(try EncodingNode.number(value, codingPath: codingPath)) }
    func encode(_ value: Float) throws { set(try EncodingNode.number(value, codingPath: codingPath)) }
    func encode(_ value: Int) { set(.integer(Int64(value))) }
    func encode(_ value: Int8) { set(.integer(Int64(value))) }
    func encode(_ value: Int16) { set(.integer(Int64(value))) }
    func encode(_ value: Int32) { set(.integer(Int64(value))) }
    func encode(_ value: Int64) { set(.integer(value)) }
    func encode(_ value: UInt) throws { set(try EncodingNode.integer(value, codingPath: codingPath)) }
    func encode(_ value: UInt8) { set(.integer(Int64(value))) }
    func encode(_ value: UInt16) { set(.integer(Int64(value))) }
    func encode(_ value: UInt32) { set(.integer(Int64(value))) }
    func encode(_ value: UInt64) throws { set(try EncodingNode.integer(value, codingPath: codingPath)) }
    func encode<T: Encodable>(_ value: T) throws { set(try EncodingNode.encode(value, codingPath: codingPath)) }
}

/// A coding key for a position in an array or a name known only at run time.
struct PositionKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ position: Int) {
        stringValue = "\(position)"
        intValue = position
    }

    init(intValue: Int) { self.init(intValue) }

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }
}
