import Glibc
import JSONDocuments
import LinuxSystem
import Tokenization

/// `tokenizer-benchmark DIR TEXTS ROUNDS`: encodes every line of TEXTS (JSON strings), one call each, and prints one
/// JSON object with the seconds of each round and a digest of all ids. `compare.py` runs it.
@main
struct TokenizerBenchmark {
    static func main() throws {
        guard CommandLine.arguments.count == 4, let rounds = Int(CommandLine.arguments[3]), rounds > 0 else {
            print("usage: tokenizer-benchmark DIR TEXTS ROUNDS")
            exit(2)
        }
        let loading = seconds()
        let tokenizer = try Tokenizer(directory: CommandLine.arguments[1])
        let loaded = seconds() - loading
        let lines = try MappedFile.contents(of: CommandLine.arguments[2], limit: 1 << 30)
        let texts = try lines.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONValue(parsing: Array(line)).string ?? ""
        }
        var durations: [JSONValue] = []
        var digest: UInt32 = 0
        var count = 0
        for _ in 0..<rounds {
            digest = 0
            count = 0
            let start = seconds()
            for text in texts {
                let identifiers = try tokenizer.encode(text)
                count += identifiers.count
                for identifier in identifiers { digest = digest &* 31 &+ UInt32(bitPattern: identifier) }
            }
            durations.append(.number(seconds() - start))
        }
        let result: JSONValue = [
            "load_seconds": .number(loaded), "seconds": .array(durations), "tokens": .integer(Int64(count)),
            "digest": .integer(Int64(digest)),
        ]
        print(result.serialized(.spaced))
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
