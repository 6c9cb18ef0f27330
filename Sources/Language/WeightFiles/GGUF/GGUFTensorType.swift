package import Tensors

/// The types of a GGUF file's tensors that are read and written here, as they are numbered in files.
package enum GGUFTensorType: UInt32, Sendable, CaseIterable {
    case float32 = 0
    case float16 = 1
    case q4_0 = 2
    case q8_0 = 8
    case bfloat16 = 30

    package var name: String {
        switch self {
        case .float32: "f32"
        case .float16: "f16"
        case .q4_0: "q4_0"
        case .q8_0: "q8_0"
        case .bfloat16: "bf16"
        }
    }

    package static let names = allCases.map(\.name)

    package init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// The type of elements that stand for themselves.
    package var weightFormat: WeightFormat? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .q4_0, .q8_0: nil
        }
    }

    package var blockFormat: BlockFormat? {
        switch self {
        case .q4_0: .q4_0
        case .q8_0: .q8_0
        default: nil
        }
    }

    /// Numbers that are stored together: rows are whole multiples of them.
    package var blockCount: Int { blockFormat?.count ?? 1 }

    package func byteCount(_ elements: Int) -> Int {
        blockFormat?.byteCount(elements) ?? (weightFormat?.byteCount ?? 0) * elements
    }

    /// Numbers as bytes of this type.
    func bytes(of values: Tensor) -> [UInt8] {
        if let blockFormat { return blockFormat.narrowedBytes(values) }
        return Weight.narrowedBytes(values, to: weightFormat ?? .float32)
    }
}
