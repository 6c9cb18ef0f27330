package import Tensors

/// The type of a tensor's elements, under the names of the safetensors format.
///
/// The order of the cases is the order in which the format's own library writes tensors, smallest alignment first.
package enum ElementType: String, CaseIterable, Comparable, Sendable {
    case boolean = "BOOL"
    case unsigned8 = "U8"
    case signed8 = "I8"
    case float8e5m2 = "F8_E5M2"
    case float8e4m3 = "F8_E4M3"
    case signed16 = "I16"
    case unsigned16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case signed32 = "I32"
    case unsigned32 = "U32"
    case float32 = "F32"
    case float64 = "F64"
    case signed64 = "I64"
    case unsigned64 = "U64"

    /// Bytes of one element.
    package var byteCount: Int {
        switch self {
        case .boolean, .unsigned8, .signed8, .float8e5m2, .float8e4m3: 1
        case .signed16, .unsigned16, .float16, .bfloat16: 2
        case .signed32, .unsigned32, .float32: 4
        case .float64, .signed64, .unsigned64: 8
        }
    }

    package static func < (left: ElementType, right: ElementType) -> Bool { left.position < right.position }

    private var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The type under which a weight is computed with; nil for types that are not weights.
    package var weightFormat: WeightFormat? {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        default: nil
        }
    }

    package init(_ type: WeightFormat) {
        switch type {
        case .float32: self = .float32
        case .bfloat16: self = .bfloat16
        case .float16: self = .float16
        }
    }
}
