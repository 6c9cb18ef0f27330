import Tensors
import Testing

/// One small decoder block with adapters and dropout, run the ways that must not change a bit.
struct Block: Sendable {
    static let (hidden, inner, heads, shared, size) = (48, 96, 6, 2, 8)
    let norm: Parameter
    let projections: [String: LinearProjection]
    let table = RotaryTable(inverseFrequencies: [1, 0.3, 0.1, 0.03])

    init(dropout: Float = 0.2) throws {
        norm = Parameter(name: "norm", value: noise([Self.hidden], "norm"))
        let sizes = [
            "q": (48, Self.heads * Self.size), "k": (48, Self.shared * Self.size), "v": (48, Self.shared * Self.size),
            "o": (Self.heads * Self.size, 48), "gate": (48, Self.inner), "up": (48, Self.inner),
            "down": (Self.inner, 48),
        ]
        var projections: [String: LinearProjection] = [:]
        for (name, (inputs, outputs)) in sizes {
            let bytes = Weight.narrowedBytes(noise([outputs, inputs], name, scale: 0.15), to: .bfloat16)
            projections[name] = LinearProjection(
                weight: .frozen(try Weight(name: name, format: .bfloat16, shape: [outputs, inputs], copying: bytes)),
                branch: try LowRankBranch(
                    a: Parameter(name: name + ".a", value: noise([4, inputs], name + ".a", scale: 0.2)),
                    b: Parameter(name: name + ".b", value: noise([outputs, 4], name + ".b", scale: 0.2)), scaling: 2,
                    dropout: dropout, site: Philox.hash(name)))
        }
        self.projections = projections
    }

    var parameters: [Parameter] {
        [norm] + projections.sorted { $0.key < $1.key }.flatMap { $0.value.branch?.parameters ?? [] }
    }

    func linear(_ tape: Tape, _ name: String, _ x: Variable) throws -> Variable {
        try tape.linear(x, #require(projections[name]))
    }

    func attentionOptions(window: Int? = nil) -> AttentionOptions {
        AttentionOptions(heads: Self.heads, keyValueHeads: Self.shared, headSize: Self.size, slidingWindow: window)
    }

    func forward(
        _ tape: Tape, _ x: Variable, positions: [Int32],
        attention: (Tape, Variable, Variable, Variable) throws -> Variable
    ) throws -> Variable {
        let a = try tape.rmsNorm(x, weight: .trainable(norm), epsilon: 1e-6)
        let q = try tape.rotaryEmbedding(linear(tape, "q", a), headSize: Self.size, table: table, positions: positions)
        let k = try tape.rotaryEmbedding(linear(tape, "k", a), headSize: Self.size, table: table, positions: positions)
        let mixed = try attention(tape, q, k, linear(tape, "v", a))
        let h = try tape.add(x, linear(tape, "o", mixed))
        let m = try tape.rmsNorm(h, weight: .trainable(norm), epsilon: 1e-6)
        let gated = try tape.siluGate(linear(tape, "gate", m), linear(tape, "up", m))
        return try tape.add(h, linear(tape, "down", gated))
    }

    /// Loss and every gradient after three blocks that share their weights.
    func train(policy: CheckpointPolicy, lengths: [Int] = [70, 9, 33]) throws -> [[Float]] {
        for parameter in parameters { parameter.clearGradient() }
        let layout = try SequenceLayout(lengths: lengths)
        let tape = Tape(
            recording: true, randomness: RandomContext(seed: 5, step: 1, microBatch: 0), checkpointPolicy: policy)
        let start = tape.leaf(noise([layout.totalTokens, Self.hidden], "x"))
        var x = start
        for _ in 0..<3 {
            x = try tape.checkpoint([x]) { tape, inputs in
                [
                    try forward(tape, inputs[0], positions: layout.positions) { tape, q, k, v in
                        try tape.attention(q, k, v, layout: layout, options: attentionOptions())
                    }
                ]
            }[0]
        }
        let head = LinearProjection(weight: .frozen(Weight(name: "head", tensor: noise([50, Self.hidden], "head"))))
        let labels = (0..<Int32(layout.totalTokens)).map { $0 % 3 == 0 ? ignoredLabel : $0 % 50 }
        let result = try tape.linearCrossEntropy(x, head: head, labels: labels)
        try tape.backward(from: result.loss)
        let gradients = try parameters.map { try #require($0.gradient).array }
        return gradients + [try #require(tape.gradient(of: start)).array, [result.loss.value[0]]]
    }
}

@Suite(.serialized) struct BlockTests {
    @Test func checkpointChangesNoBit() throws {
        let block = try Block()
        let kept = try block.train(policy: .keep)
        #expect(try block.train(policy: .recompute) == kept)
        #expect(try block.train(policy: .keepWhileBelow(liveBytes: 0)) == kept)
        #expect(kept.allSatisfy { $0.contains { $0 != 0 } })
    }

    @Test func repeatsAndThreadsChangeNoBit() throws {
        let block = try Block()
        let first = try block.train(policy: .recompute)
        #expect(try block.train(policy: .recompute) == first)
        ComputePool.shared.limitThreads(to: 1)
        defer { ComputePool.shared.limitThreads(to: nil) }
        #expect(try block.train(policy: .recompute) == first)
    }

    @Test func numericalDerivativeAgrees() throws {
        let block = try Block()
        let lengths = [9, 4]
        let gradients = try block.train(policy: .recompute, lengths: lengths)
        for (index, parameter) in block.parameters.enumerated() where index % 3 == 0 {
            // Along the gradient itself the derivative is its squared length.
            let gradient = gradients[index].map(Double.init)
            let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let original = parameter.value
            var losses: [Double] = []
            let step = 2e-2
            for direction in [step, -step] {
                let moved = zip(original.array, gradient).map { $0 + Float(direction * $1 / length) }
                parameter.value = try Tensor(moved, shape: original.shape)
                losses.append(Double(try #require(block.train(policy: .keep, lengths: lengths).last)[0]))
            }
            parameter.value = original
            let slope = (losses[0] - losses[1]) / (2 * step)
            #expect(abs(slope - length) < 0.02 * length, "\(parameter.name): \(slope) against \(length)")
        }
    }

    @Test(arguments: [nil, 5])
    func cacheEqualsRecomputation(_ window: Int?) throws {
        let block = try Block()
        let (total, step) = (40, 16)
        let x = noise([total, Block.hidden], "x")
        let options = block.attentionOptions(window: window)
        let tape = Tape(recording: false)
        let layout = try SequenceLayout(lengths: [total])
        let whole = try block.forward(tape, tape.constant(x), positions: layout.positions) { tape, q, k, v in
            try tape.attention(q, k, v, layout: layout, options: options)
        }
        let cache = KeyValueCache(layers: 1, columns: options.keyValueColumns, step: step)
        var rows: [Float] = []
        var start = 0
        for chunk in [11, 1, 1, 20, 1, 1, 5] {
            let part = try Tensor(
                Array(x.array[start * Block.hidden..<(start + chunk) * Block.hidden]), shape: [chunk, Block.hidden])
            let positions = (start..<start + chunk).map { Int32($0) }
            let y = try block.forward(tape, tape.constant(part), positions: positions) { tape, q, k, v in
                try tape.attentionWithCache(
                    q, k, v, caches: [cache], layer: 0, layout: SequenceLayout(lengths: [chunk]), options: options)
            }
            rows += y.value.array
            start += chunk
            #expect(cache.length == start)
        }
        #expect(relativeError(rows, whole.value.array) <= 1e-5)
    }

    /// Several sequences of different age in one call, and copies and cuts of a cache.
    @Test func cachesAreIndependent() throws {
        let options = AttentionOptions(heads: 4, keyValueHeads: 2, headSize: 8)
        let tape = Tape(recording: false)
        func values(_ rows: Int, _ columns: Int, _ name: String) -> Variable {
            tape.constant(noise([rows, columns], name))
        }
        func step(_ caches: [KeyValueCache], _ lengths: [Int], _ name: String) throws -> [Float] {
            let rows = lengths.reduce(0, +)
            return try tape.attentionWithCache(
                values(rows, 32, name + "q"), values(rows, 16, name + "k"), values(rows, 16, name + "v"),
                caches: caches,
                layer: 0, layout: SequenceLayout(lengths: lengths), options: options
            ).value.array
        }
        let (one, two) = (KeyValueCache(layers: 1, columns: 16), KeyValueCache(layers: 1, columns: 16))
        _ = try step([one], [7], "first")
        _ = try step([two], [3], "second")
        let copy = one.copy()
        let together = try step([one, two], [1, 1], "next")
        #expect(one.length == 8 && two.length == 4 && copy.length == 7)
        one.truncate(to: 7)
        #expect(try step([one, two.copy()], [1, 1], "next").prefix(32) == together.prefix(32))
        #expect(try step([copy, two], [1, 1], "next").prefix(32) == together.prefix(32))
        #expect(throws: TensorError.self) { try step([one], [1, 1], "next") }
    }

    @Test func backwardNeedsARecord() throws {
        let tape = Tape(recording: false)
        let x = tape.leaf(noise([2, 2], "x"))
        #expect(!x.needsGradient)
        #expect(throws: TensorError.notRecorded(operation: "backward")) { try tape.backward(from: x) }
    }
}
