import Adapters
import Glibc
import LanguageModels
import LinuxSystem
import Optimizers
import Tensors

/// `step-benchmark MODEL [precision=medium] [lengths=128,96,64,100] [steps=5] [kept=false]`: updates of a LoRA adapter of
/// rank 8 on all linear layers, in process.
///
/// Prints the seconds of the fastest update and of the processor for it, and a hash of the adapter afterwards, by which
/// two runs can be compared bit by bit. `perf record` and `callgrind` find nothing but the update beside it.
@main
struct StepBenchmark {
    static func main() throws {
        var words = CommandLine.arguments.dropFirst()
        guard let folder = words.popFirst() else {
            print("usage: step-benchmark MODEL [precision=P] [lengths=N,...] [steps=N] [kept=BOOL]")
            exit(2)
        }
        var settings = ["precision": "medium", "lengths": "128,96,64,100", "steps": "5", "kept": "false"]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, settings.updateValue(parts[1], forKey: parts[0]) != nil else {
                fatalError("no such setting: \(word)")
            }
        }
        OpenBLASEnvironment.complete()
        MatrixTiles.request()
        let lengths = settings["lengths", default: ""].split(separator: ",").compactMap { Int($0) }
        guard let precision = MatmulPrecision(rawValue: settings["precision", default: ""]), !lengths.isEmpty,
            let steps = Int(settings["steps", default: ""]), steps > 0
        else { fatalError("expected: a precision, lengths and a number of steps") }
        let updates = try Updates(
            folder, lengths: lengths, precision: precision,
            policy: settings["kept"] == "true" ? .keep : .recompute)
        var times: [(wall: Double, processor: Double)] = []
        for step in 0..<steps {
            let (start, used) = (MonotonicClock.seconds, processorSeconds)
            let loss = try updates.run(step)
            times.append((MonotonicClock.seconds - start, processorSeconds - used))
            if step == steps - 1 { print("loss \(loss)") }
        }
        let best = (times.map(\.wall).min() ?? 0, times.map(\.processor).min() ?? 0)
        print("fastest update: \(best.0) s, \(best.1) s of the processor; kernels \(MatrixTiles.level)")
        print("adapter \(updates.hash)")
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// A model, a fresh adapter and its optimizer, on sequences of made-up tokens.
private final class Updates {
    private let model: DecoderModel
    private let adapter: Adapter
    private let updater: ParameterUpdater
    private let layout: SequenceLayout
    private let tokens: [Int32]
    private let labels: [Int32]
    private let precision: MatmulPrecision
    private let policy: CheckpointPolicy

    init(_ folder: String, lengths: [Int], precision: MatmulPrecision, policy: CheckpointPolicy) throws {
        model = try DecoderModel.load(directory: folder)
        adapter = try Adapter.fresh(
            AdapterConfiguration(
                baseModel: folder, rank: 8, alpha: 16, dropout: 0,
                targetModules: TargetModules(requested: ["all"], model: model)), for: model, seed: 1)
        updater = try ParameterUpdater([OptimizerGroup(adapter.parameters, AdamW(), weightDecay: 0)])
        layout = try SequenceLayout(lengths: lengths)
        let vocabulary = model.configuration.vocabularySize
        tokens = (0..<layout.totalTokens).map { Int32(($0 * 7919 + 13) % vocabulary) }
        // The last two thirds of each sequence, as of a dialogue's answers.
        var labels = tokens
        for (start, length) in zip(layout.offsets, layout.lengths) {
            for row in start..<start + length / 3 { labels[row] = -100 }
        }
        self.labels = labels
        self.precision = precision
        self.policy = policy
    }

    func run(_ step: Int) throws -> Float {
        let tape = Tape(
            recording: true, randomness: RandomContext(seed: 1, step: step, microBatch: 0), checkpointPolicy: policy,
            precision: precision)
        let count = labels.count { $0 >= 0 }
        let result = try model.loss(
            tokens, labels: labels, layout: layout, on: tape, branches: adapter.branches,
            options: CrossEntropyOptions(scale: 1 / Float(count)))
        try tape.backward(from: result.loss)
        try updater.update(learningRate: 1e-3)
        for parameter in adapter.parameters { parameter.clearGradient() }
        return result.loss.value[0]
    }

    /// FNV-1a over the bits of what was trained.
    var hash: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for number in adapter.parameters.flatMap(\.value.array) {
            hash = (hash ^ UInt64(number.bitPattern)) &* 0x100_0000_01B3
        }
        return String(hash, radix: 16)
    }
}
