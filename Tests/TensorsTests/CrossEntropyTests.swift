import Tensors
import Testing

@Suite struct CrossEntropyTests {
    static let cases = (try? FixtureCase.load("loss")) ?? []

    @Test func fixturesAreThere() { #expect(Self.cases.count == 6) }

    @Test(arguments: cases) func matchesReference(_ fixture: FixtureCase) throws {
        let attributes = fixture.attributes
        let trainedHead = attributes.trained == true ? try fixture.parameter("head") : nil
        let adapter = try fixture.optional("a") { _ in
            try LowRankBranch(
                a: fixture.parameter("a"), b: fixture.parameter("b"), scaling: 0.7, dropout: 0, site: 0)
        }
        let head = LinearProjection(
            weight: try trainedHead.map { .trainable($0) } ?? .frozen(fixture.weight("head")), branch: adapter)
        let (cap, labels) = (try #require(attributes.cap), try #require(attributes.labels))
        let options = CrossEntropyOptions(
            labelSmoothing: try #require(attributes.smoothing), softCap: cap > 0 ? cap : nil,
            scale: try #require(attributes.scale))
        let tape = Tape(recording: true)
        let hidden = tape.leaf(try fixture.tensor("hidden"))
        let result = try tape.linearCrossEntropy(hidden, head: head, labels: labels, options: options)
        try expectClose(result.loss.value, fixture.tensor("loss"), "loss")
        try expectClose(Tensor([Float(result.sum)]), fixture.tensor("nll"), "nll")
        if options.labelSmoothing > 0 {
            try expectClose(Tensor([Float(result.smoothSum)]), fixture.tensor("smooth"), "smooth")
        }
        #expect(result.count == 11)
        try tape.backward(from: result.loss)
        try expectClose(tape.gradient(of: hidden), fixture.tensor("dhidden"), "dhidden")
        if let trainedHead { try expectClose(trainedHead.gradient, fixture.tensor("dhead"), "dhead") }
        if let adapter {
            try expectClose(adapter.a.gradient, fixture.tensor("da"), "da")
            try expectClose(adapter.b.gradient, fixture.tensor("db"), "db")
        }
        for parameter in [trainedHead, adapter?.a, adapter?.b] { parameter?.clearGradient() }
        let second = Tape(recording: true)
        let again = second.leaf(try fixture.tensor("hidden"))
        let probabilities = try second.labelLogProbabilities(
            again, head: head, labels: labels, softCap: options.softCap)
        #expect(probabilities.rows.count == 11 && probabilities.isBest.filter { $0 }.count == result.correct)
        #expect(abs(probabilities.values.value.array.reduce(0, +) + Float(result.sum)) < 1e-4)
        guard options.labelSmoothing == 0 else { return }
        // Cross-entropy is the case in which every label has the same weight.
        try second.backward(
            from: second.weightedSum(probabilities.values, weights: Array(repeating: -options.scale, count: 11)))
        try expectClose(second.gradient(of: again), fixture.tensor("dhidden"), "dhidden")
        if let trainedHead { try expectClose(trainedHead.gradient, fixture.tensor("dhead"), "dhead") }
        if let adapter {
            try expectClose(adapter.a.gradient, fixture.tensor("da"), "da")
            try expectClose(adapter.b.gradient, fixture.tensor("db"), "db")
        }
    }

    /// A vocabulary so large that the rows need several chunks, the last one shorter, against single rows.
    @Test func chunksEqualSingleRows() throws {
        let (vocabulary, rows, width) = (800_003, 71, 4)
        let head = LinearProjection(weight: .frozen(Weight(name: "head", tensor: noise([vocabulary, width], "head"))))
        let values = noise([rows, width], "hidden")
        let labels = (0..<rows).map { $0 % 9 == 4 ? ignoredLabel : Int32($0 * 11_003 % vocabulary) }
        let tape = Tape(recording: true)
        let hidden = tape.leaf(values)
        let result = try tape.linearCrossEntropy(hidden, head: head, labels: labels)
        try tape.backward(from: result.loss)
        let gradient = try #require(tape.gradient(of: hidden))
        var sum = 0.0
        for row in stride(from: 0, to: rows, by: 10) {
            let single = Tape(recording: true)
            let one = single.leaf(try Tensor(values.row(row), shape: [1, width]))
            let part = try single.linearCrossEntropy(one, head: head, labels: [labels[row]])
            try single.backward(from: part.loss)
            #expect(relativeError(gradient.row(row), try #require(single.gradient(of: one)).array) < 1e-4)
        }
        let plain = Tape(recording: false)
        let all = try plain.labelLogProbabilities(plain.constant(values), head: head, labels: labels).values.value.array
        sum = all.reduce(0.0) { $0 - Double($1) }
        #expect(all.count == result.count && abs(sum - result.sum) < 1e-3)
    }

    @Test func tiedTableGetsBothGradients() throws {
        let table = Parameter(name: "table", value: noise([9, 6], "table"))
        func gradient(embedding: Bool, head: Bool) throws -> [Float] {
            table.clearGradient()
            let frozen = Matrix.frozen(Weight(name: "table", tensor: table.value))
            let tape = Tape(recording: true)
            let hidden = try tape.embedding([1, 5, 2], table: embedding ? .trainable(table) : frozen)
            let projection = LinearProjection(weight: head ? .trainable(table) : frozen)
            try tape.backward(from: tape.linearCrossEntropy(hidden, head: projection, labels: [5, 2, 0]).loss)
            return try #require(table.gradient).array
        }
        let both = try gradient(embedding: true, head: true)
        let (first, second) = (try gradient(embedding: true, head: false), try gradient(embedding: false, head: true))
        #expect(relativeError(both, zip(first, second).map { $0 + $1 }) < 1e-6)
    }

    @Test func countsRightLabels() throws {
        let identity = try Tensor([1, 0, 0, 1], shape: [2, 2])
        let head = LinearProjection(weight: .frozen(Weight(name: "head", tensor: identity)))
        let tape = Tape(recording: false)
        let hidden = tape.constant(try Tensor([3, 1, 1, 3, 3, 1], shape: [3, 2]))
        let result = try tape.linearCrossEntropy(hidden, head: head, labels: [0, 0, ignoredLabel])
        #expect(result.correct == 1 && result.count == 2)
    }

    @Test func seedsScaleAndWrongLabelsAreRefused() throws {
        let head = LinearProjection(weight: .frozen(Weight(name: "head", tensor: noise([7, 4], "head"))))
        let trained = LinearProjection(weight: .trainable(Parameter(name: "head", value: noise([7, 4], "head"))))
        func gradient(_ seed: Float) throws -> [Float] {
            let tape = Tape(recording: true)
            let hidden = tape.leaf(noise([2, 4], "x"))
            try tape.backward(from: tape.linearCrossEntropy(hidden, head: head, labels: [1, 2]).loss, seed: seed)
            return try #require(tape.gradient(of: hidden)).array
        }
        #expect(relativeError(try gradient(0.5), try gradient(1).map { $0 * 0.5 }) < 1e-6)
        let tape = Tape(recording: true)
        let hidden = tape.leaf(noise([2, 4], "x"))
        let loss = try tape.linearCrossEntropy(hidden, head: trained, labels: [1, 2]).loss
        #expect(throws: TensorError.self) { try tape.backward(from: loss, seed: 2) }
        #expect(throws: TensorError.indexOutOfRange(operation: "labels", index: 7, limit: 7)) {
            try tape.linearCrossEntropy(hidden, head: head, labels: [7, 0])
        }
    }
}
