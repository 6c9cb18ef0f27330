internal import Tensors

/// BAdam (Luo, Yu and Li, 2024): the decoder layers one after another, each for a number of updates.
package struct BlockSelection: ParameterSelection {
    /// The values of `badam_switch_mode`.
    package enum Order: String, CaseIterable, Sendable { case ascending, descending, random, fixed }

    /// Parameters of one decoder layer.
    package struct Block: Sendable, Equatable {
        /// What their names begin with, such as `model.layers.3.`
        package let prefix: String
        package let parameters: [String]

        package init(prefix: String, parameters: [String]) {
            self.prefix = prefix
            self.parameters = parameters
        }
    }

    package let blocks: [Block]
    private let order: Order
    private let first: Int?
    private let interval: Int
    private let seed: UInt64
    /// What to announce: 0 nothing, 1 the block, 2 also its parameters.
    private let verbosity: Int
    package var updates = 0

    /// - Parameters:
    ///   - first: nil for the order's own: the first block, the last one of a descending order, a random one
    ///   - interval: updates made with each block, one less with the first; below 1 for all
    /// - Throws: `OptimizerError` without any block, or for a first one that there is not
    package init(
        blocks: [Block], order: Order, first: Int?, interval: Int, seed: UInt64, verbosity: Int = 0
    ) throws {
        guard !blocks.isEmpty else {
            throw OptimizerError.invalidSetting(
                name: "use_badam", value: "true", expected: "a method that trains something in decoder layers")
        }
        if let first, !blocks.indices.contains(first) {
            throw OptimizerError.invalidSetting(
                name: "badam_start_block", value: "\(first)", expected: "0 to \(blocks.count - 1)")
        }
        self.blocks = blocks
        self.order = order
        self.first = first
        self.interval = interval
        self.seed = seed
        self.verbosity = verbosity
    }

    /// The decoder layers that parameters belong to, in the order of their first ones.
    package static func blocks(_ names: [String]) -> [Block] {
        var prefixes: [String] = []
        var members: [String: [String]] = [:]
        for name in names {
            guard let prefix = prefix(of: name) else { continue }
            if members[prefix] == nil { prefixes.append(prefix) }
            members[prefix, default: []].append(name)
        }
        return prefixes.map { Block(prefix: $0, parameters: members[$0] ?? []) }
    }

    /// Up to and with the last `layers.N.` of a name.
    private static func prefix(of name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let place = parts.dropLast(2).lastIndex(where: { $0.hasSuffix("layers") }) else { return nil }
        return parts[...(place + 1)].joined(separator: ".") + "."
    }

    package func contains(_ parameter: String) -> Bool { blocks.contains { $0.parameters.contains(parameter) } }

    package var active: Set<String> { Set(blocks[current].parameters) }

    package var alternatives: [Set<String>] { blocks.map { Set($0.parameters) } }

    package var announcement: String? {
        guard verbosity > 0 else { return nil }
        let block = blocks[current]
        let line = "BAdam trains \(block.prefix)* (block \(current + 1) of \(blocks.count))"
        return verbosity > 1 ? line + ": " + block.parameters.joined(separator: ", ") : line
    }

    /// Switches made. The reference makes one after an update when the next one's number is a multiple of the interval.
    package var turn: Int { interval < 1 ? 0 : (updates + 1) / interval - 1 / interval }

    /// The block of the next update.
    package var current: Int {
        let switches = turn
        switch order {
        case .fixed: return first ?? 0
        case .ascending: return ((first ?? 0) + switches) % blocks.count
        case .descending:
            let back = switches % blocks.count
            return ((first ?? blocks.count - 1) - back + blocks.count) % blocks.count
        case .random:
            guard let first else { return shuffled(round: switches / blocks.count)[switches % blocks.count] }
            guard switches > 0 else { return first }
            return shuffled(round: (switches - 1) / blocks.count)[(switches - 1) % blocks.count]
        }
    }

    /// All blocks in an order of their own for each round.
    private func shuffled(round: Int) -> [Int] {
        let numbers = Philox(seed: seed, name: "order of blocks \(round)")
        var result = Array(blocks.indices)
        for last in stride(from: result.count - 1, to: 0, by: -1) {
            result.swapAt(last, Int(numbers.word(last)) % (last + 1))
        }
        return result
    }
}
