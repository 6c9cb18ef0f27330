/// A column or a part of one, with the definition level from which on it is not null.
///
/// Levels are Dremel's: https://parquet.apache.org/docs/file-format/nestedencoding/
struct ParquetField: Sendable {
    indirect enum Shape: Sendable {
        /// The number of the leaf among all.
        case leaf(Int)
        case structure([ParquetField])
        /// `definition` is the level from which on there is an element.
        case list(ParquetField, definition: Int)
        case map(key: ParquetField, value: ParquetField, definition: Int)
    }

    let name: String
    let isOptional: Bool
    let definition: Int
    let shape: Shape

    /// The leaf whose levels tell this part's nulls and lengths.
    var firstLeaf: Int {
        switch shape {
        case .leaf(let leaf): leaf
        case .structure(let fields): fields[0].firstLeaf
        case .list(let element, _): element.firstLeaf
        case .map(let key, _, _): key.firstLeaf
        }
    }
}

/// A leaf of the schema: what a column chunk holds.
struct ParquetLeaf: Sendable {
    let path: String
    let type: ParquetMetadata.PhysicalType
    let kind: ScalarKind
    /// Bytes of a value of fixed length.
    let length: Int
    let definition: Int
    let repetition: Int
}

/// Builds the tree of columns from the elements of the footer, which list it depth first.
///
/// Lists and maps of older writers: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
struct ParquetSchema: Sendable {
    private(set) var columns: [ParquetField] = []
    private(set) var leaves: [ParquetLeaf] = []

    /// Levels fit a byte and recursion the stack.
    fileprivate static let deepest = 64

    init(_ elements: [ParquetMetadata.SchemaElement]) throws(ColumnarFileError) {
        guard let root = elements.first else { throw ColumnarFileError("the file has no schema") }
        var builder = Builder(elements: elements)
        columns = try builder.fields(root.childCount, below: "", Levels())
        guard builder.next == elements.count else { throw Self.damaged }
        leaves = builder.leaves
    }

    fileprivate static let damaged = ColumnarFileError("the schema is damaged (its parts do not fit together)")

    fileprivate struct Levels {
        var definition = 0
        var repetition = 0
        var depth = 0
    }

    private struct Builder {
        let elements: [ParquetMetadata.SchemaElement]
        var next = 1
        var leaves: [ParquetLeaf] = []

        mutating func fields(
            _ count: Int, below path: String, _ levels: Levels
        ) throws(ColumnarFileError) -> [ParquetField] {
            guard count >= 0, count <= elements.count - next else { throw ParquetSchema.damaged }
            var fields: [ParquetField] = []
            var names: Set<String> = []
            for _ in 0..<count {
                let field = try field(below: path, levels)
                guard names.insert(field.name).inserted else {
                    throw ColumnarFileError("two columns are named `\(path)\(field.name)`")
                }
                fields.append(field)
            }
            return fields
        }

        private func peek() throws(ColumnarFileError) -> ParquetMetadata.SchemaElement {
            guard next < elements.count else { throw ParquetSchema.damaged }
            return elements[next]
        }

        private mutating func field(below path: String, _ levels: Levels) throws(ColumnarFileError) -> ParquetField {
            let element = try peek()
            next += 1
            var inner = try levels.deeper()
            if element.repetition != .required { inner.definition += 1 }
            guard element.repetition == .repeated else {
                return try content(
                    of: element, path + element.name, inner, isOptional: element.repetition == .optional)
            }
            // A repeated field outside of a list is a list that is never null, of elements that are never null.
            inner.repetition += 1
            let repeated = try content(of: element, path + element.name, inner, isOptional: false)
            return ParquetField(
                name: element.name, isOptional: false, definition: levels.definition,
                shape: .list(repeated, definition: inner.definition))
        }

        private mutating func content(
            of element: ParquetMetadata.SchemaElement, _ path: String, _ levels: Levels, isOptional: Bool
        ) throws(ColumnarFileError) -> ParquetField {
            let shape: ParquetField.Shape
            if let type = element.type {
                leaves.append(
                    ParquetLeaf(
                        path: path, type: type, kind: try element.kind(of: type, path), length: element.length,
                        definition: levels.definition, repetition: levels.repetition))
                shape = .leaf(leaves.count - 1)
            } else if element.childCount == 1, element.meaning == .list, try peek().repetition == .repeated {
                shape = try list(named: element.name, path, levels)
            } else if element.childCount == 1, element.meaning == .map, try peek().repetition == .repeated,
                try peek().childCount == 2
            {
                shape = try map(path, levels)
            } else {
                let fields = try fields(element.childCount, below: path + ".", levels)
                guard !fields.isEmpty else { throw ColumnarFileError("`\(path)` is a structure without fields") }
                shape = .structure(fields)
            }
            return ParquetField(
                name: element.name, isOptional: isOptional, definition: levels.definition, shape: shape)
        }

        private mutating func list(
            named name: String, _ path: String, _ levels: Levels
        ) throws(ColumnarFileError) -> ParquetField.Shape {
            let repeated = try peek()
            next += 1
            let inner = try levels.inRepetition()
            let hasOneField = repeated.type == nil && repeated.childCount == 1
            // The repeated group is the element itself in files of writers that left out the layer around it.
            let field = hasOneField ? try peek() : nil
            let isElement =
                repeated.name == "array" || repeated.name == "\(name)_tuple"
                || field?.repetition ?? .repeated == .repeated
            let element =
                isElement
                ? try content(of: repeated, "\(path).\(repeated.name)", inner, isOptional: false)
                : try self.field(below: "\(path).\(repeated.name).", inner)
            return .list(element, definition: inner.definition)
        }

        private mutating func map(_ path: String, _ levels: Levels) throws(ColumnarFileError) -> ParquetField.Shape {
            let path = "\(path).\(try peek().name)."
            next += 1
            let inner = try levels.inRepetition()
            let key = try field(below: path, inner)
            let value = try field(below: path, inner)
            return .map(key: key, value: value, definition: inner.definition)
        }
    }
}

extension ParquetSchema.Levels {
    fileprivate func deeper() throws(ColumnarFileError) -> Self {
        guard depth < ParquetSchema.deepest else {
            throw ColumnarFileError("columns are nested more than \(ParquetSchema.deepest) deep")
        }
        var levels = self
        levels.depth += 1
        return levels
    }

    /// The levels of a repeated group.
    fileprivate func inRepetition() throws(ColumnarFileError) -> Self {
        var levels = try deeper()
        levels.definition += 1
        levels.repetition += 1
        return levels
    }
}

extension ParquetMetadata.SchemaElement {
    fileprivate func kind(
        of type: ParquetMetadata.PhysicalType, _ path: String
    ) throws(ColumnarFileError) -> ScalarKind {
        switch type {
        case .boolean: return .boolean
        case .float, .double: return .number
        case .int96: return .timestamp(.microseconds, isUTC: false)
        case .int32, .int64:
            switch meaning {
            case .unsigned: return .unsigned
            case .date: return .date
            case .decimal(let scale): return .decimal(scale: scale ?? self.scale)
            case .time(let unit): return .time(unit)
            case .timestamp(let unit, let isUTC): return .timestamp(unit, isUTC: isUTC)
            default: return .integer
            }
        case .byteArray, .fixedLengthByteArray:
            guard type == .byteArray || length > 0 else {
                throw ColumnarFileError("values of \(length) bytes").inColumn(path)
            }
            switch meaning {
            case .text: return .text
            case .decimal(let scale): return .decimal(scale: scale ?? self.scale)
            case .half where length == 2: return .half
            default: return .bytes
            }
        }
    }
}
