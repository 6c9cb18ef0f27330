/// A type of block: numbers that share a scale, stored one block behind the other.
protocol CodeBlock: Sendable {
    /// Numbers of a block.
    static var count: Int { get }
    /// Bytes of a block.
    static var byteCount: Int { get }
    /// - Parameter count: a multiple of the block's
    static func widen(_ source: UnsafeRawPointer, _ count: Int, into destination: UnsafeMutablePointer<Float>)
    /// - Parameter count: a multiple of the block's
    static func narrow(_ source: UnsafePointer<Float>, _ count: Int, into destination: UnsafeMutableRawPointer)
    /// `results[v * stride + r] = vectors[v] . row(r)` for consecutive rows.
    static func multiply(
        _ matrix: UnsafeRawPointer, rows: Int, columns: Int, _ vectors: FewVectors,
        into results: UnsafeMutablePointer<Float>, stride: Int)
}

/// Rows of whole blocks, in a mapped file or in memory.
struct BlockStorage<Block: CodeBlock>: WeightStorage, @unchecked Sendable {
    // Sendable because the bytes are read-only for the life of the owner.
    let shape: [Int]
    let byteCount: Int
    private let bytes: UnsafeRawPointer
    private let owner: AnyObject

    /// - Parameter owner: keeps `bytes` readable, as many as the shape's blocks have
    init(shape: [Int], bytes: UnsafeRawPointer, owner: AnyObject) {
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
        byteCount = shape.reduce(1, *) / Block.count * Block.byteCount
    }

    var columnGrain: Int { Block.count }

    private func address(row: Int, column: Int) -> UnsafeRawPointer {
        bytes + (row * columns + column) / Block.count * Block.byteCount
    }

    func widen(rows: Range<Int>, columns range: Range<Int>, into panel: UnsafeMutablePointer<Float>) {
        if range.count == columns {
            return Block.widen(address(row: rows.lowerBound, column: 0), rows.count * columns, into: panel)
        }
        for (index, row) in rows.enumerated() {
            Block.widen(address(row: row, column: range.lowerBound), range.count, into: panel + index * range.count)
        }
    }

    func multiply(
        _ vectors: FewVectors, rows: Range<Int>, into results: UnsafeMutablePointer<Float>, stride: Int
    ) {
        Block.multiply(
            address(row: rows.lowerBound, column: 0), rows: rows.count, columns: columns, vectors, into: results,
            stride: stride)
    }
}

/// A type of block that weights are stored in.
package enum BlockFormat: String, Sendable, CaseIterable {
    case q8_0, q4_0

    private var block: any CodeBlock.Type {
        switch self {
        case .q8_0: Q8Block.self
        case .q4_0: Q4Block.self
        }
    }

    /// Numbers of a block.
    package var count: Int { block.count }

    /// Bytes of `count` numbers.
    package func byteCount(_ count: Int) -> Int { count / block.count * block.byteCount }

    /// - Parameter shape: its last dimension a multiple of the block's numbers
    /// - Throws: `TensorError.byteCountMismatch`
    package func weight(name: String, shape: [Int], bytes: OwnedBytes) throws -> Weight {
        let (columns, expected) = (shape.last ?? 1, byteCount(shape.reduce(1, *)))
        guard columns.isMultiple(of: count), bytes.bytes.count == expected, let base = bytes.bytes.baseAddress else {
            throw TensorError.byteCountMismatch(
                name: name, shape: shape, expected: expected, actual: bytes.bytes.count)
        }
        func storage<Block: CodeBlock>(_: Block.Type) -> any WeightStorage {
            BlockStorage<Block>(shape: shape, bytes: base, owner: bytes.owner)
        }
        return Weight(name: name, storage: storage(block))
    }

    /// Numbers rounded to blocks, for writing files; their count is a multiple of a block's.
    package func narrowedBytes(_ values: Tensor) -> [UInt8] {
        let size = byteCount(values.count)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            if let base = buffer.baseAddress {
                block.narrow(values.pointer, values.count, into: UnsafeMutableRawPointer(base))
            }
            initialized = size
        }
    }
}
