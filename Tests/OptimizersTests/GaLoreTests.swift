import Optimizers
import Tensors
import Testing

/// The published example: two updates of a 4 by 6 matrix and of its transpose.
struct GaLoreTests {
    private static let rows = 4
    private static let columns = 6

    private static func matrix(transposed: Bool, _ entry: (_ row: Int, _ column: Int) -> Float) throws -> Tensor {
        let places =
            transposed
            ? (0..<columns).flatMap { c in (0..<rows).map { r in (r, c) } }
            : (0..<rows).flatMap { r in (0..<columns).map { c in (r, c) } }
        return try Tensor(places.map { entry($0.0, $0.1) }, shape: transposed ? [columns, rows] : [rows, columns])
    }

    private static func start(transposed: Bool) throws -> Tensor {
        try matrix(transposed: transposed) { r, c in Float((2 * r + 3 * c) % 7 - 3) / 10 }
    }

    private static func gradients(transposed: Bool) throws -> [Tensor] {
        [
            try matrix(transposed: transposed) { r, c in
                Float((3 * r * r + 2 * c * c + 5 * r * c + 1) % 17 - 8) / 8
            },
            try matrix(transposed: transposed) { r, c in
                Float((5 * r * r + 7 * c * c + 3 * r * c + 4) % 19 - 9) / 8
            },
        ]
    }

    private static func updater(
        _ parameter: Parameter, _ side: ProjectionSide, rank: Int = 2, inner: any Optimizer = TransformersAdamW()
    ) throws -> ParameterUpdater {
        try ParameterUpdater([
            OptimizerGroup(
                [parameter], GaLore(inner, side: side, rank: rank, interval: 200, scale: 0.25), weightDecay: 0.1)
        ])
    }

    /// How far each of the two updates moves the matrix, and the matrices after them.
    private static func moves(
        _ side: ProjectionSide, transposed: Bool
    ) throws -> (sums: [Double], values: [[Float]], updater: ParameterUpdater) {
        let parameter = Parameter(name: "w", value: try start(transposed: transposed))
        let updater = try updater(parameter, side)
        var (sums, values) = ([Double](), [[Float]]())
        for gradient in try gradients(transposed: transposed) {
            let before = parameter.value.array
            parameter.gradient = gradient
            try updater.update(learningRate: 0.01)
            values.append(parameter.value.array)
            sums.append(zip(parameter.value.array, before).reduce(0) { $0 + Double(abs($1.0 - $1.1)) })
        }
        return (sums, values, updater)
    }

    @Test(
        arguments: [
            (.std, false, 0.0393902, 0.0278569), (.left, false, 0.0393902, 0.0278569),
            (.reverseStd, false, 0.0321610, 0.0224131), (.right, false, 0.0321610, 0.0224131),
            (.std, true, 0.0393902, 0.0278569), (.right, true, 0.0393902, 0.0278569),
            (.reverseStd, true, 0.0321610, 0.0224131), (.left, true, 0.0321610, 0.0224131),
        ] as [(ProjectionSide, Bool, Double, Double)])
    func movesAsFarAsPublished(side: ProjectionSide, transposed: Bool, first: Double, second: Double) throws {
        let sums = try Self.moves(side, transposed: transposed).sums
        #expect(abs(sums[0] - first) < 2e-7 && abs(sums[1] - second) < 2e-7, "\(sums)")
    }

    /// Rounding noise is divided by noise here, so that only the size is fixed.
    @Test(arguments: [false, true]) func bothSides(transposed: Bool) throws {
        let sums = try Self.moves(.full, transposed: transposed).sums
        #expect(abs(sums[0] / 0.01662148249 - 1) < 0.02 && abs(sums[1] / 0.01583152457 - 1) < 0.02, "\(sums)")
    }

    @Test func everyEntryIsThePublishedOne() throws {
        let expected: [[Float]] = [
            [-0.298195779, 0.00150422077, 0.297067255, -0.0972672254, 0.198295772, -0.197167233],
            [-0.296644628, 0.00290202978, 0.295212001, -0.0955051482, 0.197867408, -0.196112052],
        ]
        let values = try Self.moves(.std, transposed: false).values
        for (found, row) in zip(values, expected) {
            for (value, published) in zip(found, row) { #expect(abs(value - published) < 3e-7) }
        }
    }

    @Test func stateIsOfTheProjectedSize() throws {
        let parameter = Parameter(name: "w", value: Tensor(zeros: [400, 60]))
        for (side, moments, bases) in [
            (ProjectionSide.std, 400 * 8, 60 * 8), (.left, 60 * 8, 400 * 8), (.full, 8 * 8, 460 * 8),
        ] {
            #expect(try Self.updater(parameter, side, rank: 8).stateByteCount == 4 * (2 * moments + bases))
        }
        #expect(try Self.updater(parameter, .right, rank: 500).stateByteCount == 4 * (2 * 400 * 60 + 60 * 60))
    }

    /// The basis is remembered: an interruption before the next refresh changes no bit.
    @Test(arguments: ProjectionSide.allCases) func interruptionChangesNoBit(side: ProjectionSide) throws {
        let whole = try Self.moves(side, transposed: false)
        let parameter = Parameter(name: "w", value: try Self.start(transposed: false))
        var updater = try Self.updater(parameter, side)
        for gradient in try Self.gradients(transposed: false) {
            let fresh = try Self.updater(parameter, side)
            try fresh.restore(updater.state)
            updater = fresh
            parameter.gradient = gradient
            try updater.update(learningRate: 0.01)
        }
        #expect(parameter.value.array == whole.values[1])
    }

    /// Whatever it is around, the change lies in the space of the basis.
    @Test(arguments: ["adafactor", "adamw_8bit"]) func worksAroundOthers(name: String) throws {
        let inner = try OptimizerRegistry.optimizer(named: name, OptimizerSettings())
        let parameter = Parameter(name: "w", value: Tensor(zeros: [80, 60]))
        let updater = try ParameterUpdater([
            OptimizerGroup([parameter], GaLore(inner, side: .std, rank: 2, interval: 5, scale: 1), weightDecay: 0)
        ])
        parameter.gradient = .normal([80, 60], seed: 1, name: "gradient")
        try updater.update(learningRate: 0.1)
        let change = try SingularVectors(of: parameter.value, count: 3).values
        #expect(change[1] > 1e-3 && change[2] < 1e-5 * change[0])
    }

    @Test func gradientsThatAreNotFiniteAreRefused() throws {
        let parameter = Parameter(name: "w", value: Tensor(zeros: [4, 6]))
        parameter.gradient = try Tensor([Float](repeating: .nan, count: 24), shape: [4, 6])
        #expect(throws: (any Error).self) { try Self.updater(parameter, .std).update(learningRate: 1) }
    }
}
