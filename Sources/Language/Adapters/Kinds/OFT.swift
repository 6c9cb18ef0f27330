package import JSONDocuments
package import Tensors

/// Rotations of the inputs of linear layers (orthogonal fine-tuning, arXiv 2306.07280, with PEFT 0.18's rotations).
package struct OFT: AdapterKind {
    package static let name = "OFT"

    /// Blocks of each layer; 0 where their size is fixed.
    package var rank: Int
    /// Inputs that are rotated together; 0 where the number of blocks is fixed.
    package var blockSize: Int
    /// Share of a layer's blocks that are left out in training.
    package var dropout: Double
    /// Of the series that rotations are computed by, in PEFT's way of counting.
    package var terms = 5

    package init(rank: Int, blockSize: Int, dropout: Double = 0) {
        self.rank = rank
        self.blockSize = blockSize
        self.dropout = dropout
    }

    /// How a layer's inputs are divided: as asked for, or by the nearest number that divides them, the smaller of two.
    package func division(of inputs: Int) -> (blocks: Int, size: Int) {
        let asked = max(rank, blockSize)
        let divisors = (1...max(1, inputs)).filter { inputs % $0 == 0 }
        let nearest = divisors.min { (abs($0 - asked), $0) < (abs($1 - asked), $1) } ?? 1
        return rank > 0 ? (nearest, inputs / nearest) : (inputs / nearest, nearest)
    }

    package func branch(beside layer: AdaptedLayer) throws -> any LinearBranch {
        let (blocks, size) = division(of: layer.inputs)
        let shape = [blocks, size * (size - 1) / 2]
        return try OrthogonalBranch(
            angles: layer.parameter("oft_R.weight", shape) { _ in Tensor(zeros: shape) }, blockSize: size,
            outputs: layer.outputs, terms: terms, dropout: Float(dropout), site: Philox.hash(layer.path))
    }

    package func notes(on modules: [Adapter.Module]) -> [String] {
        let other = modules.filter { module in
            let (blocks, size) = division(of: module.branch.inputs)
            return rank > 0 ? blocks != rank : size != blockSize
        }
        guard let first = other.first else { return [] }
        let (blocks, size) = division(of: first.branch.inputs)
        return [
            "the inputs of \(other.count) layers cannot be divided as asked for; \(first.path) gets \(blocks) blocks of "
                + "\(size)"
        ]
    }
}

extension OFT {
    package init(reading file: AdapterConfigurationReader) throws {
        for key in ["coft", "block_share"] where try file.flag(key) { throw file.unsupported(key, "true") }
        guard try file.flag("use_cayley_neumann", default: true) else {
            throw file.unsupported("use_cayley_neumann", "false")
        }
        let version = try file.text("peft_version") ?? "none"
        guard Self.isCurrent(version) else {
            throw file.unsupported(
                "peft_version", version,
                instead: "adapters from before PEFT 0.18 were rotated by another series: merge it with that version")
        }
        self.init(
            rank: try file.integer("r", default: 0, in: 0...65536),
            blockSize: try file.integer("oft_block_size", default: 32, in: 0...65536),
            dropout: try file.number("module_dropout", default: 0))
        terms = try file.integer("num_cayley_neumann_terms", default: 5, in: 1...64)
        guard (0..<1).contains(dropout) else {
            throw file.wrong("module_dropout", "from 0 to below 1", .number(dropout))
        }
        guard (rank > 0) != (blockSize > 0) else {
            throw file.wrong(
                "r", "0 where 'oft_block_size' is not, and the other way round", file["r"] ?? .integer(Int64(rank)))
        }
    }

    private static func isCurrent(_ version: String) -> Bool {
        let numbers = version.split(separator: ".").prefix(2).map { Int($0) ?? -1 }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (0, 18)
    }

    package var keys: [(key: String, value: JSONValue)] {
        [
            ("block_share", false), ("coft", false), ("eps", 6e-05), ("init_weights", true),
            ("module_dropout", .number(dropout)), ("num_cayley_neumann_terms", .integer(Int64(terms))),
            ("oft_block_size", .integer(Int64(blockSize))), ("r", .integer(Int64(rank))),
            ("use_cayley_neumann", true),
        ]
    }
}
