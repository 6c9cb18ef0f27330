import CKernels

/// A matrix of small whole numbers with a scale and a zero point for each output and group of inputs:
/// `scale * (code - zero)`. The formats made so differ in how the codes lie in their words.
struct CodedColumns: WeightStorage, @unchecked Sendable {
    // Sendable because words are read-only for the life of the owner.
    /// `(outputs, inputs)`
    let shape: [Int]
    let byteCount: Int
    private let order: kernel_code_order
    private let bits: Int
    private let words: UnsafeRawPointer
    private let owner: AnyObject
    /// `(groups, outputs)`
    private let scales: [Float]
    /// `(groups, outputs)`
    private let zeros: [Float]
    /// The group of each input.
    private let groups: [Int32]

    init(
        _ tensors: GroupedCodeTensors, order: kernel_code_order, zeros: [Float], groups: [Int32]
    ) throws {
        shape = [tensors.outputs, tensors.inputs]
        self.order = order
        bits = tensors.bits
        guard let base = tensors.codes.bytes.baseAddress else {
            throw GroupedCodeError(tensors.name, .noCodes)
        }
        words = base
        owner = tensors.codes.owner
        scales = try tensors.widenedScales()
        self.zeros = zeros
        self.groups = groups
        byteCount = tensors.codes.bytes.count + 4 * (scales.count + zeros.count + groups.count)
    }

    private func withMatrix(_ body: (UnsafePointer<kernel_coded_columns>) -> Void) {
        scales.withUnsafeBufferPointer { scales in
            zeros.withUnsafeBufferPointer { zeros in
                groups.withUnsafeBufferPointer { groups in
                    // None is empty: shapes have been checked.
                    guard let scales = scales.baseAddress, let zeros = zeros.baseAddress,
                        let groups = groups.baseAddress
                    else { return }
                    let matrix = kernel_coded_columns(
                        order: order, bits: UInt32(bits), outputs: rows, inputs: columns, words: words, scales: scales,
                        zeros: zeros, groups: groups)
                    withUnsafePointer(to: matrix, body)
                }
            }
        }
    }

    func widen(rows: Range<Int>, columns: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        withMatrix {
            kernel_widen_coded_columns($0, rows.lowerBound, rows.count, columns.lowerBound, columns.count, panel)
        }
    }

    func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        withMatrix {
            kernel_coded_columns_vectors(
                $0, rows.lowerBound, rows.count, vectors.values, vectors.count, results, stride)
        }
    }
}
