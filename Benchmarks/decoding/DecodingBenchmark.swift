import Glibc
import LanguageModels
import LinuxSystem
import Tensors
import TextGeneration

/// `decoding-benchmark MODEL [PROMPT [TOKENS]]`: greedy decoding in process; prints the speed of a prompt (128 tokens
/// unless told otherwise) and of single tokens, and what the last tokens cost beside the 20th.
@main
struct DecodingBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard (2...4).contains(arguments.count) else {
            print("usage: decoding-benchmark MODEL [PROMPT [TOKENS]]")
            exit(2)
        }
        let prompt = arguments.count > 2 ? Int(arguments[2]) ?? 128 : 128
        let tokens = max(60, arguments.count > 3 ? Int(arguments[3]) ?? 210 : 210)
        let model = try DecoderModel.load(directory: arguments[1])
        let vocabulary = model.configuration.vocabularySize
        let ids = (0..<max(1, prompt)).map { Int32(($0 * 7919 + 13) % vocabulary) }
        var options = GenerationOptions()
        options.samples = false
        options.maximumNewTokens = tokens
        var times: [Double] = []
        let start = MonotonicClock.seconds
        _ = try TextGenerator(model: model).generate(ids, options: options) { token in
            if token != nil { times.append(MonotonicClock.seconds) }
            return .goOn
        }
        let steps = zip(times.dropFirst(), times).map { $0 - $1 }
        let (early, late) = (median(steps[14..<24]), median(steps.suffix(10)))
        print("prompt: \(Int((Double(prompt) / (times[0] - start)).rounded())) tokens/s over \(prompt) tokens")
        print("decoding: \(rounded(1 / median(steps[...]))) tokens/s, median of \(steps.count)")
        print("token \(times.count - 5) costs \(rounded(late / early)) times token 20")
    }

    private static func median(_ values: ArraySlice<Double>) -> Double { values.sorted()[values.count / 2] }
    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
