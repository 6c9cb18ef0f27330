// Converting a double calls `trunc` of libm, which this import links.
import Glibc

/// A parsed text that is read in place, without building Swift values for parts nobody asks for.
package struct JSONDocument: Sendable {
    private let tree: JanssonTree

    package init(parsing text: Span<UInt8>, limits: JSONLimits = .default) throws {
        tree = try JanssonTree(parsing: text, limits: limits)
    }

    package init(parsing text: [UInt8], limits: JSONLimits = .default) throws {
        try self.init(parsing: text.span, limits: limits)
    }

    package init(parsing text: String, limits: JSONLimits = .default) throws {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    init(tree: JanssonTree) { self.tree = tree }

    package var root: JSONElement { JSONElement(tree: tree, node: tree.root) }
}

/// A place in a document; keeps the document alive.
///
/// `@unchecked Sendable`: the node belongs to the immutable tree held beside it.
package struct JSONElement: @unchecked Sendable {
    package enum Kind: Sendable { case null, bool, integer, number, string, array, object }

    fileprivate let tree: JanssonTree
    fileprivate let node: JanssonTree.Node

    package var kind: Kind { JanssonTree.kind(of: node) }
    package var isNull: Bool { kind == .null }
    package var bool: Bool? { kind == .bool ? JanssonTree.isTrue(node) : nil }
    package var string: String? { tree.string(node) }

    package var integer: Int64? {
        switch kind {
        case .integer: JanssonTree.integer(node)
        case .number: Int64(exactly: JanssonTree.double(node))
        default: nil
        }
    }

    package var double: Double? {
        switch kind {
        case .integer, .number: JanssonTree.double(node)
        default: nil
        }
    }

    /// Members of an object or elements of an array; zero for everything else.
    package var count: Int { JanssonTree.count(of: node) }

    /// A member of an object; nil for other kinds and absent keys.
    package subscript(key: String) -> JSONElement? {
        tree.member(key, of: node).map { JSONElement(tree: tree, node: $0) }
    }

    /// An element of an array; nil for other kinds and outside its bounds.
    package subscript(index: Int) -> JSONElement? {
        JanssonTree.element(index, of: node).map { JSONElement(tree: tree, node: $0) }
    }

    /// The bytes of a string without a `String`; nil for other kinds.
    package func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result? {
        try tree.withBytes(of: node, body)
    }

    /// Visits an object's members in the order of the text; does nothing for other kinds.
    package func forEachMember(_ body: (String, JSONElement) throws -> Void) rethrows {
        try tree.forEachMember(of: node) { key, value in try body(key, JSONElement(tree: tree, node: value)) }
    }

    /// As `forEachMember`, with the bytes of each key.
    package func forEachMember(bytes body: (Span<UInt8>, JSONElement) throws -> Void) rethrows {
        try tree.forEachMember(of: node, bytes: { try body($0, JSONElement(tree: tree, node: $1)) })
    }

    /// Visits an array's elements; does nothing for other kinds.
    package func forEachElement(_ body: (JSONElement) throws -> Void) rethrows {
        guard kind == .array else { return }
        for index in 0..<count { if let element = self[index] { try body(element) } }
    }

    /// This element and all below it as a Swift value.
    package var value: JSONValue { tree.value(node) }
}

extension JSONValue {
    /// Parses a whole text.
    ///
    /// - Throws: `JSONError` for anything RFC 8259 does not allow, duplicate keys, and texts beyond the limits.
    package init(parsing text: [UInt8], limits: JSONLimits = .default) throws {
        self = try JSONDocument(parsing: text, limits: limits).root.value
    }

    package init(parsing text: String, limits: JSONLimits = .default) throws {
        self = try JSONDocument(parsing: text, limits: limits).root.value
    }
}
