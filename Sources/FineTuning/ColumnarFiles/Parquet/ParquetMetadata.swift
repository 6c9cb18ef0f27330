/// The footer of a Parquet file, as far as reading rows needs it.
///
/// Names and numbers of the fields: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
struct ParquetMetadata {
    var schema: [SchemaElement] = []
    var rowCount = 0
    var groups: [RowGroup] = []

    struct RowGroup {
        var chunks: [Chunk] = []
        var rowCount = 0
    }

    /// One column's part of a row group.
    struct Chunk {
        /// The file that holds it, if it is another one.
        var file: String?
        var isEncrypted = false
        var type: PhysicalType?
        var codec = 0
        /// Values with those that are null, and empty lists.
        var valueCount = 0
        var compressedSize = 0
        var dataOffset = 0
        var dictionaryOffset: Int?
    }

    struct SchemaElement {
        var name = ""
        var type: PhysicalType?
        /// Bytes of a value of fixed length.
        var length = 0
        var repetition = Repetition.required
        var childCount = 0
        var meaning = Meaning.none
        /// Of decimals whose meaning is told in the older way.
        var scale = 0
    }

    enum PhysicalType: Int {
        case boolean, int32, int64, int96, float, double, byteArray, fixedLengthByteArray
    }

    enum Repetition: Int {
        case required, optional, repeated
    }

    /// The logical type, whether told in the newer or the older way.
    enum Meaning: Hashable {
        case none, text, list, map, decimal(scale: Int?), date, unsigned, half
        case time(ScalarKind.TimeUnit)
        case timestamp(ScalarKind.TimeUnit, isUTC: Bool)
    }

    init(_ footer: [UInt8]) throws(ColumnarFileError) {
        var thrift = CompactThrift(ByteReader(footer))
        var last = 0
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 2:
                for _ in 0..<(try thrift.structures(field)) { schema.append(try SchemaElement(&thrift)) }
            case 3: rowCount = try thrift.integer(field)
            case 4:
                for _ in 0..<(try thrift.structures(field)) { groups.append(try RowGroup(&thrift)) }
            case 8: throw ColumnarFileError("it is encrypted, which cannot be read; write it without encryption")
            default: try thrift.skip(field)
            }
        }
    }
}

extension ParquetMetadata.RowGroup {
    fileprivate init(_ thrift: inout CompactThrift) throws(ColumnarFileError) {
        var last = 0
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 1:
                for _ in 0..<(try thrift.structures(field)) { chunks.append(try ParquetMetadata.Chunk(&thrift)) }
            case 3: rowCount = try thrift.integer(field)
            default: try thrift.skip(field)
            }
        }
    }
}

extension ParquetMetadata.Chunk {
    fileprivate init(_ thrift: inout CompactThrift) throws(ColumnarFileError) {
        var last = 0
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 1: file = try thrift.text(field)
            case 3:
                try thrift.structure(field)
                try readMetadata(&thrift)
            case 8, 9:
                isEncrypted = true
                try thrift.skip(field)
            default: try thrift.skip(field)
            }
        }
    }

    private mutating func readMetadata(_ thrift: inout CompactThrift) throws(ColumnarFileError) {
        var last = 0
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 1: type = ParquetMetadata.PhysicalType(rawValue: try thrift.integer(field))
            case 4: codec = try thrift.integer(field)
            case 5: valueCount = try thrift.integer(field)
            case 7: compressedSize = try thrift.integer(field)
            case 9: dataOffset = try thrift.integer(field)
            case 11: dictionaryOffset = try thrift.integer(field)
            default: try thrift.skip(field)
            }
        }
    }
}

extension ParquetMetadata.SchemaElement {
    fileprivate init(_ thrift: inout CompactThrift) throws(ColumnarFileError) {
        var last = 0
        var older: Int?
        var newer: ParquetMetadata.Meaning?
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 1:
                let code = try thrift.integer(field)
                type = ParquetMetadata.PhysicalType(rawValue: code)
                guard type != nil else { throw ColumnarFileError("values of the unknown type \(code)") }
            case 2: length = try thrift.integer(field)
            case 3:
                guard let known = ParquetMetadata.Repetition(rawValue: try thrift.integer(field)) else {
                    throw ColumnarFileError("the schema is damaged (an unknown repetition)")
                }
                repetition = known
            case 4: name = try thrift.text(field)
            case 5: childCount = try thrift.integer(field)
            case 6: older = try thrift.integer(field)
            case 7: scale = try thrift.integer(field)
            case 10:
                try thrift.structure(field)
                newer = try Self.logicalType(&thrift)
            default: try thrift.skip(field)
            }
        }
        meaning = newer ?? older.map(Self.convertedType) ?? .none
    }

    /// The older way to tell a meaning.
    private static func convertedType(_ code: Int) -> ParquetMetadata.Meaning {
        switch code {
        case 0, 4, 19: .text  // UTF-8, enumerations and JSON
        case 1, 2: .map
        case 3: .list
        case 5: .decimal(scale: nil)
        case 6: .date
        case 7: .time(.milliseconds)
        case 8: .time(.microseconds)
        case 9: .timestamp(.milliseconds, isUTC: true)
        case 10: .timestamp(.microseconds, isUTC: true)
        case 11...14: .unsigned
        default: .none
        }
    }

    /// The union `LogicalType`, of which one field is there.
    private static func logicalType(_ thrift: inout CompactThrift) throws(ColumnarFileError) -> ParquetMetadata.Meaning?
    {
        var last = 0
        var meaning: ParquetMetadata.Meaning?
        while let field = try thrift.nextField(after: &last) {
            switch field.id {
            case 1, 4, 12: meaning = .text
            case 2: meaning = .map
            case 3: meaning = .list
            case 6: meaning = .date
            case 15: meaning = .half
            case 5, 7, 8, 10:
                try thrift.structure(field)
                meaning = try parametrized(field.id, &thrift)
                continue
            default: break
            }
            try thrift.skip(field)
        }
        return meaning
    }

    /// Decimals, times, timestamps and integers have fields of their own.
    private static func parametrized(
        _ kind: Int, _ thrift: inout CompactThrift
    ) throws(ColumnarFileError) -> ParquetMetadata.Meaning {
        var last = 0
        var number = 0
        var flag = false
        var unit = ScalarKind.TimeUnit.microseconds
        while let field = try thrift.nextField(after: &last) {
            switch (kind, field.id, field.kind) {
            case (7, 2, _), (8, 2, _):
                try thrift.structure(field)
                unit = try timeUnit(&thrift)
            case (_, _, .yes), (_, _, .no): flag = try thrift.flag(field)
            case (5, 1, _): number = try thrift.integer(field)
            default: try thrift.skip(field)
            }
        }
        return switch kind {
        case 5: .decimal(scale: number)
        case 7: .time(unit)
        case 8: .timestamp(unit, isUTC: flag)
        default: flag ? .none : .unsigned
        }
    }

    private static func timeUnit(_ thrift: inout CompactThrift) throws(ColumnarFileError) -> ScalarKind.TimeUnit {
        var last = 0
        var unit = ScalarKind.TimeUnit.microseconds
        while let field = try thrift.nextField(after: &last) {
            unit = field.id == 1 ? .milliseconds : field.id == 3 ? .nanoseconds : .microseconds
            try thrift.skip(field)
        }
        return unit
    }
}
