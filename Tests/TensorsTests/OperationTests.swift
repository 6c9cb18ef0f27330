import Tensors
import Testing

@Suite struct OperationTests {
    static let cases = (try? FixtureCase.load("operations")) ?? []

    @Test func fixturesAreThere() { #expect(Self.cases.count == 11) }

    @Test(arguments: cases.filter { $0.attributes.kind == "rmsNorm" })
    func rmsNorm(_ fixture: FixtureCase) throws {
        let weight = try fixture.parameter("weight")
        let offset = try #require(fixture.attributes.offset)
        let tape = Tape(recording: true)
        let x = tape.leaf(try fixture.tensor("x"))
        let y = try tape.rmsNorm(x, weight: .trainable(weight), epsilon: 1e-6, weightOffset: offset)
        try expectClose(y.value, fixture.tensor("y"), "y")
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: x), fixture.tensor("dx"), "dx")
        try expectClose(weight.gradient, fixture.tensor("dweight"), "dweight")
    }

    @Test(arguments: cases.filter { $0.attributes.kind?.hasSuffix("Gate") == true })
    func gates(_ fixture: FixtureCase) throws {
        let tape = Tape(recording: true)
        let (gate, up) = (tape.leaf(try fixture.tensor("gate")), tape.leaf(try fixture.tensor("up")))
        let y = try fixture.attributes.kind == "siluGate" ? tape.siluGate(gate, up) : tape.geluGate(gate, up)
        try expectClose(y.value, fixture.tensor("y"), "y")
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: gate), fixture.tensor("dgate"), "dgate")
        try expectClose(tape.gradient(of: up), fixture.tensor("dup"), "dup")
    }

    @Test(arguments: cases.filter { $0.attributes.ids != nil })
    func rows(_ fixture: FixtureCase) throws {
        let ids = try #require(fixture.attributes.ids)
        let indices = ids.map { Int($0) }
        let tape = Tape(recording: true)
        if fixture.attributes.kind == "embedding" {
            let table = try fixture.parameter("table")
            let y = try tape.embedding(ids, table: .trainable(table))
            try expectClose(y.value, fixture.tensor("y"), "y", tolerance: 0)
            try tape.backward(from: y, gradient: fixture.tensor("dy"))
            try expectClose(table.gradient, fixture.tensor("dtable"), "dtable", tolerance: 1e-6)
            return
        }
        let x = tape.leaf(try fixture.tensor("x"))
        let gathers = fixture.attributes.kind == "gatherRows"
        let y = try gathers ? tape.gatherRows(x, indices) : tape.scatterRows(x, indices, rowCount: 8)
        try expectClose(y.value, fixture.tensor("y"), "y", tolerance: 1e-6)
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: x), fixture.tensor("dx"), "dx", tolerance: 1e-6)
    }

    @Test func addAndScale() throws {
        let fixture = try #require(Self.cases.first { $0.attributes.kind == "addScale" })
        let tape = Tape(recording: true)
        let (left, right) = (tape.leaf(try fixture.tensor("left")), tape.leaf(try fixture.tensor("right")))
        let y = try tape.add(tape.add(left, tape.scale(right, by: 2.5)), left)
        try expectClose(y.value, fixture.tensor("y"), "y", tolerance: 1e-6)
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: left), fixture.tensor("dleft"), "dleft", tolerance: 1e-6)
        try expectClose(tape.gradient(of: right), fixture.tensor("dright"), "dright", tolerance: 1e-6)
    }

    @Test(arguments: cases.filter { $0.attributes.positions != nil })
    func rotaryEmbedding(_ fixture: FixtureCase) throws {
        let table = RotaryTable(
            inverseFrequencies: try fixture.tensor("frequencies").array,
            attentionFactor: try #require(fixture.attributes.factor))
        let positions = try #require(fixture.attributes.positions)
        let tape = Tape(recording: true)
        let x = tape.leaf(try fixture.tensor("x"))
        let y = try tape.rotaryEmbedding(x, headSize: 12, table: table, positions: positions)
        try expectClose(y.value, fixture.tensor("y"), "y")
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: x), fixture.tensor("dx"), "dx")
    }

    @Test func frozenEmbeddingWidensItsRows() throws {
        let values = noise([9, 17], "table")
        for format in WeightFormat.allCases {
            let bytes = Weight.narrowedBytes(values, to: format)
            let weight = try Weight(name: "table", format: format, shape: [9, 17], copying: bytes)
            let tape = Tape(recording: true)
            let rows = try tape.embedding([8, 0, 8], table: .frozen(weight))
            #expect(!rows.needsGradient)
            let limit: Float = format == .float32 ? 0 : format == .float16 ? 0x1p-11 : 0x1p-8
            #expect(relativeError(rows.value.array, values.row(8) + values.row(0) + values.row(8)) <= limit)
        }
    }

    @Test func paddingRowGetsNoGradient() throws {
        let table = Parameter(name: "table", value: noise([4, 3], "table"))
        let tape = Tape(recording: true)
        let rows = try tape.embedding([1, 2, 1], table: .trainable(table), paddingIndex: 1)
        try tape.backward(from: rows, gradient: noise([3, 3], "dy"))
        let gradient = try #require(table.gradient)
        #expect(gradient.row(1) == [0, 0, 0])
        #expect(gradient.row(2) == noise([3, 3], "dy").row(1))
    }

    @Test func outsideIndicesAreRefused() throws {
        let tape = Tape(recording: false)
        let table = Matrix.trainable(Parameter(name: "table", value: noise([4, 3], "table")))
        #expect(throws: TensorError.indexOutOfRange(operation: "embedding table", index: 4, limit: 4)) {
            try tape.embedding([0, 4], table: table)
        }
        #expect(throws: TensorError.self) { try tape.embedding([-1], table: table) }
        #expect(throws: TensorError.self) { try tape.gatherRows(tape.constant(noise([4, 3], "x")), [4]) }
        #expect(throws: TensorError.self) {
            try tape.add(tape.constant(noise([4, 3], "x")), tape.constant(noise([3, 4], "x")))
        }
    }

    @Test func uniformNoiseIsBoundedAndReplayed() throws {
        let x = noise([6, 50], "x")
        func noisy(step: Int, recording: Bool = true) throws -> [Float] {
            let tape = Tape(recording: recording, randomness: RandomContext(seed: 3, step: step, microBatch: 0))
            let leaf = tape.leaf(x)
            let y = try tape.addUniformNoise(leaf, within: 0.25, site: 7)
            if recording {
                try tape.backward(from: y)
                #expect(try #require(tape.gradient(of: leaf)).array.allSatisfy { $0 == 1 })
            }
            return zip(y.value.array, x.array).map { $0 - $1 }
        }
        let first = try noisy(step: 1)
        #expect(first.allSatisfy { abs($0) <= 0.2501 } && first.contains { $0 > 0.2 } && first.contains { $0 < -0.2 })
        #expect(try noisy(step: 1) == first && noisy(step: 2) != first)
        #expect(try noisy(step: 1, recording: false).allSatisfy { $0 == 0 })
        let still = Tape(recording: true)
        #expect(try still.addUniformNoise(still.leaf(x), within: 0.25, site: 7).value === x)
        #expect(throws: TensorError.self) { try still.addUniformNoise(still.leaf(x), within: -1, site: 7) }
    }

    @Test func dropoutReplaysItsMask() throws {
        let randomness = RandomContext(seed: 3, step: 5, microBatch: 1)
        let x = noise([40, 50], "x")
        let tape = Tape(recording: true, randomness: randomness)
        let leaf = tape.leaf(x)
        let y = try tape.dropout(leaf, probability: 0.25, site: 99)
        let mask = Dropout.mask([40, 50], randomness: randomness, site: 99, probability: 0.25).array
        #expect(y.value.array == zip(x.array, mask).map { $0 * $1 })
        try tape.backward(from: y)
        #expect(tape.gradient(of: leaf)?.array == mask)
        let kept = mask.filter { $0 > 0 }.count
        #expect((1400...1600).contains(kept), "\(kept) of 2000 kept")
        let other = RandomContext(seed: 3, step: 6, microBatch: 1)
        #expect(Dropout.mask([40, 50], randomness: other, site: 99, probability: 0.25).array != mask)
        let evaluation = Tape(recording: false)
        #expect(try evaluation.dropout(evaluation.constant(x), probability: 0.25, site: 99).value === x)
    }
}
