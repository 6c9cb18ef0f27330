/// A value of a GGUF file's metadata.
package enum GGUFValue: Equatable, Sendable {
    case unsigned(UInt32)
    case float(Float)
    case flag(Bool)
    case text(String)
    case texts([String])
    case integers([Int32])
    case floats([Float])
    /// What only files of others hold: whole numbers of other widths, and lists of them.
    case wide(Int64)
    case wideList([Int64])
    case double(Double)
    case doubles([Double])
    case flags([Bool])

    package var integer: Int? {
        switch self {
        case .unsigned(let value): Int(value)
        case .wide(let value): Int(value)
        default: nil
        }
    }

    /// A whole number, or the numbers of a list, one for each layer.
    package var integerList: [Int]? {
        switch self {
        case .integers(let values): values.map(Int.init)
        case .wideList(let values): values.map(Int.init)
        default: integer.map { [$0] }
        }
    }

    package var number: Double? {
        switch self {
        case .float(let value): Double(value)
        case .double(let value): value
        default: integer.map(Double.init)
        }
    }

    package var bool: Bool? { if case .flag(let value) = self { value } else { nil } }
    package var string: String? { if case .text(let value) = self { value } else { nil } }
    package var stringList: [String]? { if case .texts(let values) = self { values } else { nil } }
    package var numberList: [Float]? { if case .floats(let values) = self { values } else { nil } }
}

/// The types of metadata, as they are numbered in files.
enum GGUFValueType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// Bytes of a value; at least so many for texts and lists.
    var leastByteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .string: 8
        case .array: 12
        }
    }
}
