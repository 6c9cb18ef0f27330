import Tensors
import Testing

@Suite struct LinearTests {
    static let cases = (try? FixtureCase.load("linear")) ?? []

    @Test func fixturesAreThere() { #expect(Self.cases.count == 10) }

    @Test(arguments: cases) func matchesReference(_ fixture: FixtureCase) throws {
        let attributes = fixture.attributes
        let trained = attributes.trained == true
        let trainedWeight = trained ? try fixture.parameter("weight") : nil
        let weight = try trainedWeight.map { Matrix.trainable($0) } ?? .frozen(fixture.weight("weight"))
        let bias = try fixture.optional("bias") { try fixture.parameter($0) }
        let adapter = try fixture.optional("a") { _ in
            try LowRankBranch(
                a: fixture.parameter("a"), b: fixture.parameter("b"), scaling: #require(attributes.scaling),
                dropout: attributes.probability ?? 0, site: attributes.site ?? 0)
        }
        let randomness = try attributes.seed.map {
            RandomContext(
                seed: $0, step: try #require(attributes.step), microBatch: try #require(attributes.micro_batch))
        }
        let tape = Tape(recording: true, randomness: randomness)
        let x = tape.leaf(try fixture.tensor("x"))
        let y = try tape.linear(x, LinearProjection(weight: weight, bias: bias.map { .trainable($0) }, branch: adapter))
        try expectClose(y.value, fixture.tensor("y"), "y")
        try tape.backward(from: y, gradient: fixture.tensor("dy"))
        try expectClose(tape.gradient(of: x), fixture.tensor("dx"), "dx")
        if let trainedWeight { try expectClose(trainedWeight.gradient, fixture.tensor("dweight"), "dweight") }
        if let bias { try expectClose(bias.gradient, fixture.tensor("dbias"), "dbias") }
        if let adapter {
            try expectClose(adapter.a.gradient, fixture.tensor("da"), "da")
            try expectClose(adapter.b.gradient, fixture.tensor("db"), "db")
        }
    }

    @Test func dropoutMaskIsTheReferences() throws {
        for fixture in Self.cases where fixture.attributes.probability != nil {
            let attributes = fixture.attributes
            let mask = Dropout.mask(
                [11, 20],
                randomness: RandomContext(
                    seed: try #require(attributes.seed), step: try #require(attributes.step),
                    microBatch: try #require(attributes.micro_batch)),
                site: try #require(attributes.site), probability: try #require(attributes.probability))
            #expect(mask.array == (try fixture.tensor("mask").array))
        }
    }

    /// A second backward adds to what is there; gradients arriving twice at one value are summed.
    @Test func gradientsAccumulate() throws {
        let weight = Parameter(name: "w", value: noise([5, 6], "w"))
        var single: [Float] = []
        for pass in 1...2 {
            let tape = Tape(recording: true)
            let x = tape.leaf(noise([7, 6], "x"))
            let projection = LinearProjection(weight: .trainable(weight))
            let sum = try tape.add(tape.linear(x, projection), tape.linear(x, projection))
            try tape.backward(from: sum, gradient: noise([7, 5], "dy"))
            let gradient = try #require(weight.gradient)
            if pass == 1 { single = gradient.array }
            #expect(relativeError(gradient.array, single.map { $0 * Float(pass) }) < 1e-6)
        }
    }

    /// Sizes beyond one panel in every dimension, against a plain double-precision product.
    @Test(arguments: [(130, 1300, 300), (5, 2500, 70), (600, 70, 2000), (65, 1153, 129)])
    func largeProductsMatchPlainLoops(_ rows: Int, _ inputs: Int, _ outputs: Int) throws {
        let values = noise([outputs, inputs], "w")
        let bytes = Weight.narrowedBytes(values, to: .bfloat16)
        let weight = try Weight(name: "w", format: .bfloat16, shape: [outputs, inputs], copying: bytes)
        let rounded = weight.widened()
        let tape = Tape(recording: true)
        let x = tape.leaf(noise([rows, inputs], "x"))
        let y = try tape.linear(x, LinearProjection(weight: .frozen(weight)))
        let dy = noise([rows, outputs], "dy")
        try tape.backward(from: y, gradient: dy)
        let (w, xs, dys) = (rounded.array, x.value.array, dy.array)
        let dx = try #require(tape.gradient(of: x))
        // A sample of elements in every corner: the whole product in double precision would take minutes.
        for row in [0, 1, rows / 2, rows - 1] {
            for column in stride(from: 0, to: outputs, by: 7) {
                let expected = (0..<inputs).reduce(0.0) {
                    $0 + Double(xs[row * inputs + $1]) * Double(w[column * inputs + $1])
                }
                #expect(abs(Double(y.value[row * outputs + column]) - expected) < 1e-3)
            }
            for column in stride(from: 0, to: inputs, by: 7) {
                let expected = (0..<outputs).reduce(0.0) {
                    $0 + Double(dys[row * outputs + $1]) * Double(w[$1 * inputs + column])
                }
                #expect(abs(Double(dx[row * inputs + column]) - expected) < 1e-3)
            }
        }
    }

    @Test func mismatchedShapesAreRefused() throws {
        let tape = Tape(recording: false)
        let projection = LinearProjection(weight: .frozen(Weight(name: "w", tensor: noise([5, 6], "w"))))
        #expect(throws: TensorError.shapeMismatch(operation: "linear w", expected: [5, 7], actual: [5, 6])) {
            try tape.linear(tape.constant(noise([2, 7], "x")), projection)
        }
        #expect(throws: TensorError.self) {
            try LowRankBranch(
                a: Parameter(name: "a", value: noise([3, 6], "a")), b: Parameter(name: "b", value: noise([5, 4], "b")),
                scaling: 1, dropout: 0, site: 0)
        }
    }
}
