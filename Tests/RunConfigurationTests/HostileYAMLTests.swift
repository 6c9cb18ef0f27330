import RunConfiguration
import Testing

/// Texts that attack the parser end in an error with a place, quickly and without much memory.
struct HostileYAMLTests {
    @Test func aliasBomb() {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        for level in 1...20 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            lines.append("a\(level): &a\(level) [\(aliases)]")
        }
        let error = problem(lines.joined(separator: "\n"))
        #expect(error?.kindName == "syntax")
        #expect(error?.line == 2)
        #expect(error?.description.contains("stands for a collection") == true)
    }

    @Test func aliasesToScalarsAreRead() throws {
        let configuration = try RunConfiguration.parse(
            yaml: "output_dir: &place out\nrun_name: *place", name: "run.yaml")
        #expect(configuration[Parameters.runName] == "out")
        #expect(problem("seed: *nowhere")?.description.contains("names no anchor") == true)
        #expect(problem("seed: &a [*a]")?.kindName == "syntax")
    }

    @Test(arguments: ["[", "{a: ", "- "])
    func depth(opening: String) {
        let error = problem("seed: \(opening == "- " ? "\n" : "")" + String(repeating: opening, count: 100_000))
        #expect(error?.kindName == "syntax")
        #expect(error?.line != nil)
    }

    @Test func depthOfSixtyFourIsTheLimit() {
        func nested(_ depth: Int) -> String {
            "lr_scheduler_kwargs: {a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                + "}"
        }
        #expect(problem(nested(62))?.description.contains("nested deeper") == false)
        #expect(problem(nested(63))?.description.contains("nested deeper") == true)
    }

    @Test func size() {
        let error = problem("output_dir: " + String(repeating: "x", count: 1 << 20))
        #expect(error?.kindName == "syntax")
        #expect(error?.description.contains("1048576") == true)
        #expect(problem("output_dir: " + String(repeating: "x", count: 1_000_000))?.kindName == "conflict")
    }

    /// A hundred megabytes in one value: refused by its size, without a second copy.
    @Test func anEnormousScalar() {
        for text in [
            "output_dir: " + String(repeating: "x", count: 100_000_000),
            "a: \"" + String(repeating: "\\u0041", count: 20_000_000),
            "a: |\n" + String(repeating: " x\n", count: 30_000_000),
        ] {
            let start = ContinuousClock.now
            let error = problem(text)
            #expect(error?.kindName == "syntax")
            #expect(error?.description.contains("1048576") == true)
            #expect(ContinuousClock.now - start < .seconds(1))
        }
    }

    /// The same attacks wherever a value may stand: always an error with its line.
    @Test(arguments: [
        "&a [*a]", "*nowhere", "!!python/object/apply:os.system ['x']", "!!binary aGVsbG8=", "!<tag:x> 1", "[1, 2",
        "{a: 1", "{a: 1, a: 2}",
        "'open", "\"open", "\"\\x\"", "\"\\uD800\"", "[a: b: c]", "@at", "`tick`", "%percent", "{? [a]: b}", "[,]",
        "{,}", "- - -",
    ])
    func attacksInEveryPlace(value: String) {
        for (text, line) in [
            ("seed: 1\noutput_dir: \(value)\n", 2), ("seed: 1\n\nlora_target:\n  - a\n  - \(value)\n", 5),
            ("lr_scheduler_kwargs:\n  a: 1\n  b: \(value)\n", 3), ("lora_target: [a, \(value)]\nseed: 1\n", 1),
        ] {
            let error = problem(text)
            #expect(error != nil, "\(text)")
            #expect(error?.line != nil, "\(text)")
            #expect(abs((error?.line ?? 99) - line) <= 3, "\(text) was blamed on line \(error?.line ?? 0)")
        }
    }

    @Test func manyValues() {
        let error = problem("lora_target: [" + String(repeating: "x,", count: 300_000) + "x]")
        #expect(error?.kindName == "syntax")
    }

    @Test(arguments: [
        ("seed: 1\n\tlora_rank: 2", 2), ("\tseed: 1", 1), ("seed: 1\nseed: 2", 2),
        ("lr_scheduler_kwargs: {a: 1, a: 2}", 1), ("output_dir: !!python/object:os.system x", 1),
        ("lora_target: !custom [a]", 1), ("<<: {seed: 1}", 1), ("? [a, b]\n: c", 1), ("seed: \"open", 2),
        ("output_dir: a\u{0}b", 1), ("seed: 1\n}", 2), ("%YAML 3.0\n---\nseed: 1", 1),
    ])
    func malformed(yaml: String, line: Int) {
        let error = problem(yaml)
        #expect(["syntax", "given_twice"].contains(error?.kindName))
        #expect(error?.line != nil)
        #expect(abs((error?.line ?? 0) - line) <= 1)
    }

    @Test func coreTagsAreRead() throws {
        let configuration = try RunConfiguration.parse(
            yaml: "run_name: !!str 5\nseed: !!int '7'\nlora_target: !!seq [a]", name: "run.yaml")
        #expect(configuration[Parameters.runName] == "5")
        #expect(configuration[Parameters.seed] == 7)
    }

    @Test func emptyTextsAreEmptyConfigurations() throws {
        for text in ["", "# nothing\n", "---\n", "null", "{}"] {
            #expect(try RunConfiguration.parse(yaml: text, name: "run.yaml").explicitValues == .mapping([]))
        }
    }

    @Test func longValuesAreCutInMessages() {
        let error = problem("lora_rank: " + String(repeating: "x", count: 10_000))
        #expect(error.map { $0.description.count < 400 } == true)
        let unknown = problem(String(repeating: "k", count: 900) + ": 1")
        #expect(unknown.map { $0.description.count < 400 } == true)
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7])
    func randomBytesNeverTrap(seed: Int) {
        // A fixed generator (splitmix64), so that a failure can be repeated.
        var state = UInt64(seed)
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
        let alphabet = Array("ab:-[]{}&*!|>'\"%@#,?\n\t 019.e~_<\u{e9}".unicodeScalars)
        for _ in 0..<400 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int(next() % 60) { text.append(alphabet[Int(next() % UInt64(alphabet.count))]) }
            let (configuration, problems) = RunConfiguration.read(yaml: String(text), name: "fuzz")
            if problems.isEmpty {
                #expect(configuration.explicitValues == .mapping([]))
            }
        }
    }
}
