import LinuxSystem
import Tensors

/// How fast this machine is now, measured in a few tenths of a second at the sizes of the run in question.
package struct MachineSpeed: Sendable, Equatable {
    /// Floating-point operations of matrix products a second.
    package var operations: Double
    /// Bytes that simple loops read and write a second.
    package var bytes: Double
    /// Seconds that an operation takes however small it is.
    package var secondsPerCall: Double

    package init(operations: Double, bytes: Double, secondsPerCall: Double) {
        self.operations = operations
        self.bytes = bytes
        self.secondsPerCall = secondsPerCall
    }

    func seconds(_ figures: Rehearsal.Figures) -> Double {
        // A result is written once and, on average, read once by each of two operations.
        figures.operations / operations + 3 * figures.bytesWritten / bytes + Double(figures.calls) * secondsPerCall
    }

    /// Seconds for one update of `count` trained numbers: each reads four and writes three float32.
    func seconds(updating count: Int) -> Double { Double(count) * 28 / bytes }

    /// - Parameters:
    ///   - rows: tokens of a typical micro-batch
    ///   - hidden, feedForward: the sizes of the model's largest layer
    static func measured(
        rows: Int, hidden: Int, feedForward: Int, format: WeightFormat, _ precision: MatmulPrecision
    ) throws -> MachineSpeed {
        defer { TensorMemory.trim() }
        let (rows, inputs, outputs) = (min(max(rows, 8), 2048), min(hidden, 4096), min(feedForward, 8192))
        let weight = try Weight(
            name: "measured", format: format, shape: [outputs, inputs],
            copying: [UInt8](repeating: 0, count: outputs * inputs * format.byteCount))
        let product = try secondsPerRound(atLeast: 0.08) {
            try forwardAndBackward(rows: rows, LinearProjection(weight: .frozen(weight)), precision)
        }
        let small = try Weight(
            name: "small", format: .float32, shape: [16, 16], copying: [UInt8](repeating: 0, count: 1024))
        let call = try secondsPerRound(atLeast: 0.02) {
            try forwardAndBackward(rows: 16, LinearProjection(weight: .frozen(small)))
        }
        let large = Tensor(zeros: [8 << 20])
        let tape = Tape(recording: false)
        let addition = try secondsPerRound(atLeast: 0.05) {
            _ = try tape.add(tape.constant(large), tape.constant(large))
        }
        return MachineSpeed(
            operations: 4 * Double(rows) * Double(inputs) * Double(outputs) / product,
            bytes: 3 * Double(large.byteCount) / addition, secondsPerCall: call / 2)
    }

    /// Lets every compute thread multiply once, so that OpenBLAS has its buffers.
    static func warmUp() throws {
        let weight = Weight(name: "warm-up", tensor: Tensor(zeros: [2048, 512]))
        for _ in 0..<4 { try forwardAndBackward(rows: 512, LinearProjection(weight: .frozen(weight))) }
        TensorMemory.trim()
    }

    private static func forwardAndBackward(
        rows: Int, _ projection: LinearProjection, _ precision: MatmulPrecision = .highest
    ) throws {
        let tape = Tape(recording: true, precision: precision)
        let result = try tape.linear(tape.leaf(Tensor(zeros: [rows, projection.inputs])), projection)
        try tape.backward(from: result, gradient: Tensor(zeros: result.shape))
    }

    private static func secondsPerRound(atLeast duration: Double, _ body: () throws -> Void) throws -> Double {
        try body()
        let start = MonotonicClock.seconds
        var rounds = 0
        repeat {
            try body()
            rounds += 1
        } while MonotonicClock.seconds - start < duration
        return max(1e-9, (MonotonicClock.seconds - start) / Double(rounds))
    }
}
