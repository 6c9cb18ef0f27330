/// A column of an Arrow file, or a part of one.
///
/// https://github.com/apache/arrow/blob/main/format/Schema.fbs
struct ArrowField {
    indirect enum Kind {
        case null
        case boolean
        case integer(bits: Int, isSigned: Bool)
        case number(bits: Int)
        /// Texts or bytes with offsets of 32 bits, or of 64.
        case strings(ScalarKind, isLarge: Bool)
        /// Texts or bytes of which each says where it lies.
        case views(ScalarKind)
        case fixedBytes(size: Int)
        case decimal(size: Int, scale: Int)
        /// Days since 1970, or milliseconds.
        case date(isMilliseconds: Bool)
        case time(ScalarKind.TimeUnit, bits: Int)
        case timestamp(ScalarKind.TimeUnit, hasZone: Bool)
        case list(isLarge: Bool)
        case fixedList(size: Int)
        case structure
        case map
    }

    let name: String
    let kind: Kind
    let children: [ArrowField]
    /// Set where the column holds positions in a dictionary.
    let dictionary: (id: Int64, bits: Int, isSigned: Bool)?
}

/// The columns of an Arrow file.
struct ArrowSchema: Sendable {
    let fields: [ArrowField]
    /// The fields with a dictionary of their own, by its number.
    private(set) var dictionaries: [Int64: ArrowField] = [:]

    private static let mostFields = 10_000
    private static let mostDepth = 64

    init(_ table: FlatTable) throws(ColumnarFileError) {
        guard try table.number(0) as Int16 == 0 else {
            throw ColumnarFileError("its numbers are big-endian, which is not read")
        }
        var count = 0
        var fields: [ArrowField] = []
        for field in try table.tables(1) { fields.append(try Self.field(field, depth: 0, count: &count)) }
        self.fields = fields
        for field in fields { collect(field) }
    }

    private mutating func collect(_ field: ArrowField) {
        if let dictionary = field.dictionary { dictionaries[dictionary.id] = field }
        for child in field.children { collect(child) }
    }

    private static func field(
        _ table: FlatTable, depth: Int, count: inout Int
    ) throws(ColumnarFileError) -> ArrowField {
        count += 1
        guard count <= mostFields, depth < mostDepth else {
            throw ColumnarFileError("its schema has more than \(mostFields) columns, or more than \(mostDepth) levels")
        }
        let name = try table.text(0) ?? ""
        do throws(ColumnarFileError) {
            var children: [ArrowField] = []
            for child in try table.tables(5) { children.append(try field(child, depth: depth + 1, count: &count)) }
            let kind = try kind(table.number(2), table.table(3))
            try check(kind, children)
            var dictionary: (id: Int64, bits: Int, isSigned: Bool)?
            if let encoding = try table.table(4) {
                let index = try encoding.table(1)
                let bits = try index?.number(0, default: Int32(32)) ?? 32
                dictionary = (try encoding.number(0), Int(bits), try index?.flag(1) ?? true)
                guard [8, 16, 32, 64].contains(bits) else { throw ColumnarFileError("positions of \(bits) bits") }
            }
            return ArrowField(name: name, kind: kind, children: children, dictionary: dictionary)
        } catch {
            throw error.inColumn(name)
        }
    }

    private static func check(_ kind: ArrowField.Kind, _ children: [ArrowField]) throws(ColumnarFileError) {
        let isFitting =
            switch kind {
            case .list, .fixedList: children.count == 1
            case .structure: true
            case .map:
                if children.count == 1, case .structure = children[0].kind {
                    children[0].children.count == 2 && children[0].dictionary == nil
                } else {
                    false
                }
            default: children.isEmpty
            }
        guard isFitting else { throw ColumnarFileError("its type does not have \(children.count) parts") }
    }

    private static func kind(_ number: UInt8, _ type: FlatTable?) throws(ColumnarFileError) -> ArrowField.Kind {
        guard let type else { throw ColumnarFileError("it has no type") }
        switch number {
        case 1: return .null
        case 2:
            let bits = try type.number(0) as Int32
            guard [8, 16, 32, 64].contains(bits) else { throw ColumnarFileError("integers of \(bits) bits") }
            return .integer(bits: Int(bits), isSigned: try type.flag(1))
        case 3:
            let precision = try type.number(0) as Int16
            guard (0...2).contains(precision) else { throw ColumnarFileError("numbers of unknown precision") }
            return .number(bits: 16 << Int(precision))
        case 4: return .strings(.bytes, isLarge: false)
        case 5: return .strings(.text, isLarge: false)
        case 6: return .boolean
        case 7:
            let bits = try type.number(2, default: Int32(128))
            guard [32, 64, 128, 256].contains(bits) else { throw ColumnarFileError("decimals of \(bits) bits") }
            return .decimal(size: Int(bits) / 8, scale: Int(try type.number(1) as Int32))
        case 8: return .date(isMilliseconds: try type.number(0, default: Int16(1)) == 1)
        case 9:
            let bits = try type.number(1, default: Int32(32))
            guard bits == 32 || bits == 64 else { throw ColumnarFileError("times of \(bits) bits") }
            return .time(try unit(type.number(0, default: Int16(1))), bits: Int(bits))
        case 10: return .timestamp(try unit(type.number(0)), hasZone: try !(type.text(1) ?? "").isEmpty)
        case 12: return .list(isLarge: false)
        case 13: return .structure
        case 15: return .fixedBytes(size: try size(type.number(0)))
        case 16: return .fixedList(size: try size(type.number(0)))
        case 17: return .map
        case 19: return .strings(.bytes, isLarge: true)
        case 20: return .strings(.text, isLarge: true)
        case 21: return .list(isLarge: true)
        case 23: return .views(.bytes)
        case 24: return .views(.text)
        default: throw ColumnarFileError("its type (\(name(of: number))) is not read; convert it to another one")
        }
    }

    private static func name(of type: UInt8) -> String {
        let names: [UInt8: String] = [
            11: "interval", 14: "union", 18: "duration", 22: "run-end encoded", 25: "list view", 26: "large list view",
        ]
        return names[type] ?? "number \(type)"
    }

    private static func unit(_ number: Int16) throws(ColumnarFileError) -> ScalarKind.TimeUnit {
        switch number {
        case 0: return .seconds
        case 1: return .milliseconds
        case 2: return .microseconds
        case 3: return .nanoseconds
        default: throw ColumnarFileError("a unit of time that is not known")
        }
    }

    private static func size(_ number: Int32) throws(ColumnarFileError) -> Int {
        guard number >= 0 else { throw ColumnarFileError("values of negative size") }
        return Int(number)
    }
}
