import CJansson

/// The tree that jansson built from a text; frees it at the end. The only file that touches jansson.
///
/// `@unchecked Sendable`: the tree is never changed after `init`, and reading it takes no reference counts.
final class JanssonTree: @unchecked Sendable {
    typealias Node = UnsafeMutablePointer<json_t>

    let root: Node
    private let nulSubstitute: NULSubstitute?

    /// - Parameter allowsDuplicates: whether a key may be given twice; its last value counts
    init(parsing text: Span<UInt8>, limits: JSONLimits, allowsDuplicates: Bool = false) throws(JSONError) {
        let flags = Self.flags | (allowsDuplicates ? 0 : JSON_REJECT_DUPLICATES)
        let prescan = try JSONPrescan(text, limits: limits)
        if !prescan.endsOfWideIntegers.isEmpty {
            var widened = Self.copy(of: text, markingAsReal: prescan.endsOfWideIntegers)
            (root, nulSubstitute) = try Self.loadAllowingNULInKeys(&widened, flags)
            return
        }
        switch Self.load(text, flags) {
        case .success(let node):
            root = node
            nulSubstitute = nil
        case .failure(let failure) where failure.isNULInKey:
            var copy = Self.copy(of: text, markingAsReal: [])
            (root, nulSubstitute) = try Self.loadAllowingNULInKeys(&copy, flags)
        case .failure(let failure): throw failure.error
        }
    }

    deinit { json_decref(root) }

    private struct Failure: Error {
        var error: JSONError
        var isNULInKey: Bool
    }

    private static let flags = JSON_DECODE_ANY | JSON_ALLOW_NUL

    private static func loadAllowingNULInKeys(
        _ text: inout [UInt8], _ flags: Int32
    ) throws(JSONError) -> (Node, NULSubstitute?) {
        switch load(text.span, flags) {
        case .success(let node): return (node, nil)
        case .failure(let failure):
            guard failure.isNULInKey, let substitute = NULSubstitute(replacingIn: &text) else { throw failure.error }
            switch load(text.span, flags) {
            case .success(let node): return (node, substitute)
            case .failure(let failure): throw failure.error
            }
        }
    }

    private static func load(_ text: Span<UInt8>, _ flags: Int32) -> Result<Node, Failure> {
        var error = json_error_t()
        let flags = Int(flags)
        let loaded = text.withUnsafeBytes { bytes -> Node? in
            // jansson refuses a null buffer, which is how an empty span arrives.
            guard let start = bytes.baseAddress else { return json_loadb("", 0, flags, &error) }
            return json_loadb(start.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error)
        }
        if let loaded { return .success(loaded) }
        let message = withUnsafeBytes(of: &error.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let code = withUnsafeBytes(of: &error.text) { UInt32($0[Int(JSON_ERROR_TEXT_LENGTH) - 1]) }
        let reason: JSONError.Reason =
            switch code {
            case json_error_duplicate_key.rawValue: .duplicateKey(message)
            case json_error_stack_overflow.rawValue: .tooDeep(limit: 2048)
            case json_error_premature_end_of_input.rawValue where text.isEmpty: .syntax("the text is empty")
            default: .syntax(message)
            }
        return .failure(
            Failure(
                error: JSONError(reason, line: max(1, Int(error.line)), column: max(1, Int(error.column))),
                isNULInKey: code == json_error_null_byte_in_key.rawValue))
    }

    /// The text with an exponent behind each integer too wide for 64 bits, so that it is read as a real number.
    private static func copy(of text: Span<UInt8>, markingAsReal ends: [Int]) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(text.count + 2 * ends.count)
        var start = 0
        for end in ends {
            for index in start..<end { copy.append(text[index]) }
            copy.append(contentsOf: "e0".utf8)
            start = end
        }
        for index in start..<text.count { copy.append(text[index]) }
        return copy
    }

    // MARK: Reading nodes

    func string(_ node: Node) -> String? {
        guard node.pointee.type == JSON_STRING, let bytes = json_string_value(node) else { return nil }
        return text(bytes, json_string_length(node))
    }

    /// The bytes of a string or nil for another kind of node; no `String` is made.
    func withBytes<Result>(of node: Node, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result? {
        guard node.pointee.type == JSON_STRING, let bytes = json_string_value(node) else { return nil }
        return try withSpan(bytes, json_string_length(node), body)
    }

    private func text(_ bytes: UnsafePointer<CChar>, _ count: Int) -> String {
        let text = String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        return nulSubstitute.map { $0.restored(text) } ?? text
    }

    private func withSpan<Result>(
        _ bytes: UnsafePointer<CChar>, _ count: Int, _ body: (Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        if nulSubstitute != nil {
            let restored = Array(text(bytes, count).utf8)
            return try body(restored.span)
        }
        return try bytes.withMemoryRebound(to: UInt8.self, capacity: count) { start in
            try body(UnsafeBufferPointer(start: start, count: count).span)
        }
    }

    func member(_ key: String, of node: Node) -> Node? {
        guard nulSubstitute == nil else {
            var found: Node?
            forEachMember(of: node) { name, value in if name.hasSameBytes(as: key) { found = value } }
            return found
        }
        return json_object_getn(node, key, key.utf8.count)
    }

    func forEachMember(of node: Node, _ body: (String, Node) throws -> Void) rethrows {
        try forEachMemberBytes(of: node) { key, count, value in try body(text(key, count), value) }
    }

    /// As above with the key's bytes, for objects with very many members.
    func forEachMember(of node: Node, bytes body: (Span<UInt8>, Node) throws -> Void) rethrows {
        try forEachMemberBytes(of: node) { key, count, value in
            try withSpan(key, count) { try body($0, value) }
        }
    }

    private func forEachMemberBytes(
        of node: Node, _ body: (UnsafePointer<CChar>, Int, Node) throws -> Void
    ) rethrows {
        guard node.pointee.type == JSON_OBJECT else { return }
        var iterator = json_object_iter(node)
        while let current = iterator {
            if let key = json_object_iter_key(current), let value = json_object_iter_value(current) {
                try body(key, json_object_iter_key_len(current), value)
            }
            iterator = json_object_iter_next(node, current)
        }
    }

    static func count(of node: Node) -> Int {
        switch node.pointee.type {
        case JSON_ARRAY: json_array_size(node)
        case JSON_OBJECT: json_object_size(node)
        default: 0
        }
    }

    static func element(_ index: Int, of node: Node) -> Node? {
        index < 0 ? nil : json_array_get(node, index)
    }

    static func kind(of node: Node) -> JSONElement.Kind {
        switch node.pointee.type {
        case JSON_OBJECT: .object
        case JSON_ARRAY: .array
        case JSON_STRING: .string
        case JSON_INTEGER: .integer
        case JSON_REAL: .number
        case JSON_TRUE, JSON_FALSE: .bool
        default: .null
        }
    }

    static func integer(_ node: Node) -> Int64 { Int64(json_integer_value(node)) }
    static func double(_ node: Node) -> Double { json_number_value(node) }
    static func isTrue(_ node: Node) -> Bool { node.pointee.type == JSON_TRUE }

    /// The whole subtree as Swift values; its depth is bounded by the limits of the parse.
    func value(_ node: Node) -> JSONValue {
        switch Self.kind(of: node) {
        case .null: return .null
        case .bool: return .bool(Self.isTrue(node))
        case .integer: return .integer(Self.integer(node))
        case .number: return .number(Self.double(node))
        case .string: return .string(string(node) ?? "")
        case .array:
            var elements: [JSONValue] = []
            let count = Self.count(of: node)
            elements.reserveCapacity(count)
            for index in 0..<count {
                if let element = Self.element(index, of: node) { elements.append(value(element)) }
            }
            return .array(elements)
        case .object:
            var object = JSONObject()
            forEachMember(of: node) { key, member in object.append(key, value(member)) }
            return .object(object)
        }
    }
}
