/// A JSON object that keeps the order in which its keys were written.
///
/// Keys are compared byte for byte: a composed and a decomposed `é` are two keys, which
/// `Dictionary<String, _>` would merge.
package struct JSONObject: Sendable {
    package typealias Element = (key: String, value: JSONValue)

    private var entries: [Element] = []
    /// Positions by key, kept once a linear search would be slow.
    private var positions: [ExactText: Int]?

    private static let indexedFrom = 16

    package init() {}

    /// Later entries replace earlier ones of the same key.
    package init(_ elements: some Sequence<Element>) {
        for element in elements { self[element.key] = element.value }
    }

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }
    package var keys: [String] { entries.map(\.key) }
    package var values: [JSONValue] { entries.map(\.value) }

    package subscript(key: String) -> JSONValue? {
        get { position(of: key).map { entries[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let found?, let value?): entries[found].value = value
            case (nil, let value?): append(key, value)
            case (let found?, nil): remove(at: found)
            case (nil, nil): break
            }
        }
    }

    package func contains(_ key: String) -> Bool { position(of: key) != nil }

    /// Adds an entry whose key is known to be new, as a parser knows that refuses duplicates.
    mutating func append(_ key: String, _ value: JSONValue) {
        positions?[ExactText(key)] = entries.count
        entries.append((key, value))
        if positions == nil, entries.count >= Self.indexedFrom { buildIndex() }
    }

    private mutating func remove(at position: Int) {
        entries.remove(at: position)
        if positions != nil { buildIndex() }
    }

    private mutating func buildIndex() {
        var positions: [ExactText: Int] = [:]
        positions.reserveCapacity(entries.count * 2)
        for (position, entry) in entries.enumerated() { positions[ExactText(entry.key)] = position }
        self.positions = positions
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[ExactText(key)] }
        return entries.firstIndex { $0.key.hasSameBytes(as: key) }
    }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { entries.startIndex }
    package var endIndex: Int { entries.endIndex }
    package subscript(position: Int) -> Element { entries[position] }
}

extension JSONObject: Equatable {
    /// The order of the keys does not matter.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { (key: $0.0, value: $0.1) })
    }
}

/// A string that equals another only if its bytes do.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension String {
    /// Whether both hold the same bytes; `==` would also equate canonically equivalent texts.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
