/// Thrift's compact protocol, in which Parquet keeps its metadata.
///
/// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
struct CompactThrift {
    private(set) var reader: ByteReader

    init(_ reader: ByteReader) { self.reader = reader }

    enum Kind: UInt8 {
        case yes = 1
        case no, byte, short, int, long, double, binary, list, set, map, structure
    }

    struct Field {
        let id: Int
        let kind: Kind
    }

    /// The next field of a structure, nil at its end; `last` is the id of the one before, 0 at first.
    mutating func nextField(after last: inout Int) throws(ColumnarFileError) -> Field? {
        let head = try reader.byte()
        if head & 0x0F == 0 { return nil }
        let kind = try kind(head & 0x0F)
        let step = Int(head >> 4)
        last = step == 0 ? Int(truncatingIfNeeded: try reader.zigzag()) : last &+ step
        return Field(id: last, kind: kind)
    }

    mutating func integer(_ field: Field) throws(ColumnarFileError) -> Int {
        switch field.kind {
        case .byte: Int(Int8(bitPattern: try reader.byte()))
        case .short, .int, .long: Int(try reader.zigzag())
        default: throw Self.unexpected
        }
    }

    func flag(_ field: Field) throws(ColumnarFileError) -> Bool {
        switch field.kind {
        case .yes: true
        case .no: false
        default: throw Self.unexpected
        }
    }

    mutating func text(_ field: Field) throws(ColumnarFileError) -> String {
        guard field.kind == .binary else { throw Self.unexpected }
        let range = try reader.take(try reader.variableLengthCount())
        guard let text = String(validating: reader.bytes[range], as: UTF8.self) else {
            throw ColumnarFileError("a name in the metadata is not valid UTF-8")
        }
        return text
    }

    /// Checks that a structure begins here, whose fields are to be read next.
    func structure(_ field: Field) throws(ColumnarFileError) {
        guard field.kind == .structure else { throw Self.unexpected }
    }

    /// The number of structures in a list, which are to be read next.
    mutating func structures(_ field: Field) throws(ColumnarFileError) -> Int {
        guard field.kind == .list else { throw Self.unexpected }
        let (kind, count) = try elements()
        guard kind == .structure || count == 0 else { throw Self.unexpected }
        return count
    }

    mutating func skip(_ field: Field) throws(ColumnarFileError) {
        try skip(field.kind, depth: 0, isElement: false)
    }

    private static let deepest = 32

    private mutating func skip(_ kind: Kind, depth: Int, isElement: Bool) throws(ColumnarFileError) {
        guard depth < Self.deepest else { throw ColumnarFileError("the metadata is nested too deeply") }
        switch kind {
        case .yes, .no: if isElement { _ = try reader.byte() }
        case .byte: _ = try reader.byte()
        case .short, .int, .long: _ = try reader.variableLength()
        case .double: _ = try reader.take(8)
        case .binary: _ = try reader.take(try reader.variableLengthCount())
        case .list, .set:
            let (kind, count) = try elements()
            for _ in 0..<count { try skip(kind, depth: depth + 1, isElement: true) }
        case .map:
            let count = try bounded(try reader.variableLengthCount())
            if count == 0 { return }
            let kinds = try reader.byte()
            let (key, value) = (try self.kind(kinds >> 4), try self.kind(kinds & 0x0F))
            for _ in 0..<count {
                try skip(key, depth: depth + 1, isElement: true)
                try skip(value, depth: depth + 1, isElement: true)
            }
        case .structure:
            var last = 0
            while let field = try nextField(after: &last) { try skip(field.kind, depth: depth + 1, isElement: false) }
        }
    }

    private mutating func elements() throws(ColumnarFileError) -> (Kind, Int) {
        let head = try reader.byte()
        let short = Int(head >> 4)
        let count = short == 15 ? try reader.variableLengthCount() : short
        return (try kind(head & 0x0F), try bounded(count))
    }

    /// Every element takes a byte at least.
    private func bounded(_ count: Int) throws(ColumnarFileError) -> Int {
        guard count <= reader.remaining else {
            throw ColumnarFileError("the metadata announces \(count) elements, which it has no room for")
        }
        return count
    }

    private func kind(_ code: UInt8) throws(ColumnarFileError) -> Kind {
        guard let kind = Kind(rawValue: code) else { throw Self.unexpected }
        return kind
    }

    private static let unexpected = ColumnarFileError("the metadata is damaged (a field of an unexpected kind)")
}
