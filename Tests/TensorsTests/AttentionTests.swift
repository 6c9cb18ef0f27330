import Glibc
import Tensors
import Testing

@Suite struct AttentionTests {
    static let cases = (try? FixtureCase.load("attention")) ?? []

    @Test func fixturesAreThere() { #expect(Self.cases.count >= 24) }

    @Test(arguments: cases) func matchesReference(_ fixture: FixtureCase) throws {
        let attributes = fixture.attributes
        let window = try #require(attributes.window)
        let cap = try #require(attributes.cap)
        let options = AttentionOptions(
            heads: try #require(attributes.heads), keyValueHeads: try #require(attributes.kv_heads),
            headSize: try #require(attributes.size), scale: attributes.scale, slidingWindow: window > 0 ? window : nil,
            softCap: cap > 0 ? cap : nil, isCausal: attributes.causal != false)
        let layout = try SequenceLayout(lengths: #require(attributes.lengths))
        let tape = Tape(recording: true)
        let (q, k, v) = (
            tape.leaf(try fixture.tensor("q")), tape.leaf(try fixture.tensor("k")), tape.leaf(try fixture.tensor("v"))
        )
        let y = try tape.attention(q, k, v, layout: layout, options: options)
        try expectClose(y.value, fixture.tensor("y"), "y")
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: q), fixture.tensor("dq"), "dq")
        try expectClose(tape.gradient(of: k), fixture.tensor("dk"), "dk")
        try expectClose(tape.gradient(of: v), fixture.tensor("dv"), "dv")
        let plain = try PlainAttention(options, layout, q.value, k.value, v.value).run(gradient: fixture.tensor("dy"))
        try expectClose(plain.output, fixture.tensor("y"), "plain y")
        try expectClose(plain.queries, fixture.tensor("dq"), "plain dq")
        try expectClose(plain.keys, fixture.tensor("dk"), "plain dk")
        try expectClose(plain.values, fixture.tensor("dv"), "plain dv")
    }

    /// Lengths around and beyond the tiles of 64 queries and 256 keys.
    @Test(arguments: [[300], [63, 64, 65], [257, 1, 2], [Int](repeating: 5, count: 17)], [nil, 100, 2])
    func longSequencesMatchPlainLoops(_ lengths: [Int], _ window: Int?) throws {
        for cap: Float? in [nil, 3] {
            let options = AttentionOptions(
                heads: 4, keyValueHeads: 2, headSize: 8, slidingWindow: window, softCap: cap)
            let layout = try SequenceLayout(lengths: lengths)
            let total = layout.totalTokens
            let (qs, ks, vs) = (
                noise([total, 32], "q", scale: 2), noise([total, 16], "k", scale: 2), noise([total, 16], "v")
            )
            let tape = Tape(recording: true)
            let (q, k, v) = (tape.leaf(qs), tape.leaf(ks), tape.leaf(vs))
            let y = try tape.attention(q, k, v, layout: layout, options: options)
            let dy = noise([total, 32], "dy")
            try tape.backward(from: y, gradient: dy)
            let plain = try PlainAttention(options, layout, qs, ks, vs).run(gradient: dy)
            try expectClose(y.value, plain.output, "y")
            try expectClose(tape.gradient(of: q), plain.queries, "dq")
            try expectClose(tape.gradient(of: k), plain.keys, "dk")
            try expectClose(tape.gradient(of: v), plain.values, "dv")
        }
    }

    /// A packed sequence sees nothing of its neighbours, to the last bit.
    @Test func neighboursDoNotMatter() throws {
        let options = AttentionOptions(heads: 2, keyValueHeads: 1, headSize: 8)
        func output(_ neighbour: String) throws -> [Float] {
            let layout = try SequenceLayout(lengths: [70, 30])
            let tape = Tape(recording: false)
            func mixed(_ columns: Int, _ name: String) throws -> Variable {
                let first = noise([70, columns], neighbour + name).array
                return tape.constant(try Tensor(first + noise([30, columns], name).array, shape: [100, columns]))
            }
            let y = try tape.attention(mixed(16, "q"), mixed(8, "k"), mixed(8, "v"), layout: layout, options: options)
            return Array(y.value.array.suffix(30 * 16))
        }
        #expect(try output("one") == output("two"))
    }

    @Test func wrongOptionsAreRefused() throws {
        let tape = Tape(recording: false)
        let layout = try SequenceLayout(lengths: [3])
        let x = tape.constant(noise([3, 12], "x"))
        #expect(throws: TensorError.self) {
            try tape.attention(
                x, x, x, layout: layout, options: AttentionOptions(heads: 3, keyValueHeads: 2, headSize: 4))
        }
        #expect(throws: TensorError.shapeMismatch(operation: "attention", expected: [3, 4], actual: [3, 12])) {
            try tape.attention(
                x, x, x, layout: layout, options: AttentionOptions(heads: 3, keyValueHeads: 1, headSize: 4))
        }
        #expect(throws: TensorError.self) { try SequenceLayout(lengths: [2, -1]) }
    }
}

/// Attention by its definition in double precision, one query at a time.
struct PlainAttention {
    let options: AttentionOptions
    let layout: SequenceLayout
    let q: [Double]
    let k: [Double]
    let v: [Double]

    init(_ options: AttentionOptions, _ layout: SequenceLayout, _ q: Tensor, _ k: Tensor, _ v: Tensor) {
        self.options = options
        self.layout = layout
        (self.q, self.k, self.v) = (q.array.map(Double.init), k.array.map(Double.init), v.array.map(Double.init))
    }

    func run(gradient: Tensor) throws -> (output: Tensor, queries: Tensor, keys: Tensor, values: Tensor) {
        let (size, group) = (options.headSize, options.heads / options.keyValueHeads)
        let (wide, narrow) = (options.queryColumns, options.keyValueColumns)
        let dy = gradient.array.map(Double.init)
        var y = [Double](repeating: 0, count: q.count)
        var (dq, dk, dv) = (y, [Double](repeating: 0, count: k.count), [Double](repeating: 0, count: v.count))
        let (scale, cap) = (Double(options.scale), options.softCap.map(Double.init))
        for (sequence, length) in layout.lengths.enumerated() {
            for head in 0..<options.heads {
                for i in 0..<length {
                    let row = layout.offsets[sequence] + i
                    let at = row * wide + head * size
                    let visible = (0..<length).filter { j in
                        (!options.isCausal || j <= i) && (options.slidingWindow.map { j > i - $0 } ?? true)
                    }
                    let places = visible.map { (layout.offsets[sequence] + $0) * narrow + head / group * size }
                    let capped = places.map { place in
                        let score = (0..<size).reduce(0.0) { $0 + q[at + $1] * k[place + $1] } * scale
                        return cap.map { $0 * tanh(score / $0) } ?? score
                    }
                    let highest = capped.max() ?? 0
                    let exponentials = capped.map { exp($0 - highest) }
                    let sum = exponentials.reduce(0, +)
                    let p = exponentials.map { $0 / sum }
                    var dp = [Double](repeating: 0, count: p.count)
                    for (index, place) in places.enumerated() {
                        for d in 0..<size {
                            y[at + d] += p[index] * v[place + d]
                            dp[index] += dy[at + d] * v[place + d]
                            dv[place + d] += p[index] * dy[at + d]
                        }
                    }
                    let mean = zip(p, dp).reduce(0.0) { $0 + $1.0 * $1.1 }
                    for (index, place) in places.enumerated() {
                        var ds = p[index] * (dp[index] - mean) * scale
                        if let cap { ds *= 1 - (capped[index] / cap) * (capped[index] / cap) }
                        for d in 0..<size {
                            dq[at + d] += ds * k[place + d]
                            dk[place + d] += ds * q[at + d]
                        }
                    }
                }
            }
        }
        func tensor(_ values: [Double], _ columns: Int) throws -> Tensor {
            try Tensor(values.map(Float.init), shape: [layout.totalTokens, columns])
        }
        return (try tensor(y, wide), try tensor(dq, wide), try tensor(dk, narrow), try tensor(dv, narrow))
    }
}
